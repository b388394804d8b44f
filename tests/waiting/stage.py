"""What the tests of waiting rooms say often."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.journal.models import Entry
from marketplace.kit.db import db, get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.waiting.joining import join, room_of
from marketplace.waiting.models import Place, Room
from tests import given


def a_room(people: int = 0, state: str = "published", **more: Any) -> tuple[Room, list[int]]:
    """A waiting room of a sale in `state`, in which `people` took a place before the opening; and their accounts.

    `more` is of the sale. There is no beacon, so the order is drawn as soon as it may be.
    """
    listing_id = given.a_listing(state="published", waiting_room=True, **more)
    room = room_of(listing_id)
    assert room is not None
    accounts = [given.an_account() for _ in range(people)]
    for account_id in accounts:
        join(room.id, account_id)
    if state == "open":
        open_it(room)
    return room, accounts


def open_it(room: Room) -> None:
    """The sale opens, and the list is closed."""
    scheduling.open_sale(room.listing_id)
    keeping.drain()
    db.session.refresh(room)


def turn() -> None:
    """One turn of the worker's clock for the room, and what it promised."""
    for name in ("waiting.draw_due", "waiting.call_due"):
        run_one(SHEETS[name])
        keeping.drain()


def fresh(room: Room) -> Room:
    db.session.rollback()
    db.session.refresh(room)
    return room


def listing_of(room: Room) -> Listing:
    return get(Listing, room.listing_id)


def positions(room: Room) -> dict[int, int | None]:
    """{number: position}."""
    rows = db.session.execute(sa.select(Place.no, Place.position).where(Place.room_id == room.id).order_by(Place.no))
    return {no: position for no, position in rows}  # noqa: C416 -- a Row is no pair to mypy


def called(room: Room) -> list[int]:
    """The accounts that were called, in the order of calling."""
    theirs = sa.select(Place.account_id).where(Place.room_id == room.id, Place.called_at.is_not(None))
    return [account_id for account_id in db.session.scalars(theirs.order_by(Place.position)) if account_id is not None]


def in_order(room: Room) -> list[int]:
    """The accounts in the line, first to last."""
    line = sa.select(Place.account_id).where(Place.room_id == room.id, Place.position.is_not(None))
    return [account_id for account_id in db.session.scalars(line.order_by(Place.position)) if account_id is not None]


def events(room: Room) -> list[str]:
    rows = sa.select(Entry.event).where(Entry.subject == room.subject)
    return list(db.session.scalars(rows.order_by(Entry.id)))
