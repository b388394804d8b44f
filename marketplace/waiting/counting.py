"""What the office sees of a room, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.journal.models import Entry
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.orders.models import LIVE, Order, Turn
from marketplace.waiting.models import Place, Room, Via


@dataclass(frozen=True)
class Figures:
    """Persons, each counted once; `missed` are those called whose turn passed without an order."""

    taken: int
    """Places taken, with those given up."""
    left: int
    inside: int
    """Whose turn it is, and who has not ordered yet."""
    ordered: int
    missed: int
    waiting: int


def figures(room: Room) -> Figures:
    return figures_of([room])[room.id]


def figures_of(rooms: Sequence[Room]) -> dict[int, Figures]:
    """{room: its figures}."""
    at = now()
    turn = sa.and_(Turn.listing_id == Room.listing_id, Turn.buyer_id == Place.account_id)
    called = Place.called_at.is_not(None)
    rows = db.session.execute(
        sa.select(
            Room.id,
            sa.func.count(),
            _sum(Place.left_at.is_not(None)),
            _sum(called & Turn.used_at.is_(None) & (Turn.ends_at > at)),
            _sum(called & Turn.used_at.is_not(None)),
            _sum(called & Turn.used_at.is_(None) & (Turn.ends_at <= at)),
            _sum(Place.called_at.is_(None) & Place.left_at.is_(None)),
        )
        .select_from(Place)
        .join(Room)
        .outerjoin(Turn, turn)
        .where(Room.id.in_([room.id for room in rooms]))
        .group_by(Room.id)
    )
    found = {row[0]: Figures(*map(int, row[1:])) for row in rows}
    return {room.id: found.get(room.id, Figures(0, 0, 0, 0, 0, 0)) for room in rooms}


def _sum(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def waves(room: Room, most: int = 10) -> list[Entry]:
    """The newest waves, as the journal has them: `details` are {"first", "last", "persons"}."""
    calls = sa.select(Entry).where(Entry.subject == room.subject, Entry.event == "waiting.call")
    return list(db.session.scalars(calls.order_by(Entry.id.desc()).limit(most)))


@dataclass(frozen=True)
class Caller:
    """Somebody for whom the office took a place."""

    place: Place
    turn: Turn | None
    """The one to which they were called."""
    order: Order | None
    """The newest that is open or paid."""


def callers(room: Room) -> list[Caller]:
    """The newest first."""
    theirs = (Order.buyer_id == Place.account_id, Order.listing_id == room.listing_id, Order.state.in_(LIVE))
    newest = sa.select(sa.func.max(Order.id)).where(*theirs).correlate(Place).scalar_subquery()
    turn = sa.and_(Turn.listing_id == room.listing_id, Turn.buyer_id == Place.account_id)
    query = sa.select(Place, Turn, Order).outerjoin(Turn, turn).outerjoin(Order, Order.id == newest)
    rows = db.session.execute(query.where(Place.room_id == room.id, Place.via == Via.DESK).order_by(Place.no.desc()))
    return [Caller(place, turn if place.called_at else None, order) for place, turn, order in rows]
