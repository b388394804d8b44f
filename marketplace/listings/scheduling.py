"""公告 and the hours of a sale: publish, open, close, complete, each when its time has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from marketplace.journal.writing import SYSTEM, move
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.kit.sheets import sheet
from marketplace.listings.models import BY_BIDS, Listing, ListingState, Mode, Unit, UnitState
from marketplace.listings.searching import write_words
from marketplace.outbox.promising import say
from marketplace.rights.models import Right


def publish(listing_id: int) -> None:
    """Announce an approved listing whose metadata has its CIDs; lay out its units ⇢ listing.published."""
    with transaction() as session:
        listing = lock(Listing, listing_id)
        if listing.right.metadata_uri is None:
            raise WrongState
        move(listing, "publish")
        listing.published_at = now()
        write_words(listing)
        session.execute(
            sa.insert(Unit),
            [
                {"listing_id": listing.id, "serial": serial, "state": UnitState.FREE}
                for serial in range(1, listing.quantity + 1)
            ],
        )
        say("listing.published", key=listing.code, listing_id=listing.id, mode=listing.mode)


def open_sale(listing_id: int) -> None:
    with transaction():
        listing = lock(Listing, listing_id)
        move(listing, "open")
        say("listing.opened", key=listing.code, listing_id=listing.id, mode=listing.mode)


def close_sale(listing_id: int, *, at: datetime | None = None, by: str = SYSTEM, why: str = "") -> None:
    """No more orders, entries or bids ⇢ listing.closed. Auctions say their own, maybe later, end."""
    with transaction():
        listing = lock(Listing, listing_id)
        listing.closed_at = at or _ended(listing)
        move(listing, "close", by=by, why=why)
        say("listing.closed", key=listing.code, listing_id=listing.id, mode=listing.mode)


def complete(listing_id: int) -> None:
    """Everything that was sold is settled."""
    with transaction():
        listing = lock(Listing, listing_id)
        move(listing, "complete")
        say("listing.completed", key=listing.code, listing_id=listing.id)


def cancel(listing_id: int, by: str, reason: str) -> None:
    """中止, with a reason that the public reads ⇢ listing.cancelled."""
    with transaction():
        listing = lock(Listing, listing_id)
        listing.cancelled_reason = reason
        listing.closed_at = listing.closed_at or _ended(listing)
        move(listing, "cancel", by=by, why=reason)
        say("listing.cancelled", key=listing.code, listing_id=listing.id, mode=listing.mode)


def _ended(listing: Listing) -> datetime:
    """Now; but nothing is taken after the hour that was planned, however late a worker comes. Bids have their own."""
    if listing.closes_at is None or listing.mode in BY_BIDS:
        return now()
    return min(now(), listing.closes_at)


@sheet(every=1, name="listings.publish_due")
def publish_due() -> None:
    ready = sa.select(Right.id).where(Right.metadata_uri.is_not(None))
    for listing_id in _due(ListingState.APPROVED, Listing.publish_at, Listing.right_id.in_(ready)):
        _once(publish, listing_id, Listing.publish_at)


@sheet(every=1, name="listings.open_due")
def open_due() -> None:
    for listing_id in _due(ListingState.PUBLISHED, Listing.opens_at):
        _once(open_sale, listing_id, Listing.opens_at)


@sheet(every=1, name="listings.close_due")
def close_due() -> None:
    for listing_id in _due(ListingState.OPEN, Listing.closes_at, Listing.mode.in_((Mode.FIXED, Mode.LOTTERY))):
        _once(close_sale, listing_id, Listing.closes_at)


def _due(state: ListingState, when: sa.SQLColumnExpression[object], *also: sa.ColumnElement[bool]) -> Iterable[int]:
    ids = list(db.session.scalars(sa.select(Listing.id).where(Listing.state == state, when <= now(), *also)))
    let_go()
    return ids


def _once(command: Callable[[int], None], listing_id: int, hour: orm.InstrumentedAttribute[Any]) -> None:
    """Another worker may have been first, or two persons have put the hour off: then its row says so, and that is all
    right."""
    try:
        with transaction():
            due = getattr(lock(Listing, listing_id), hour.key)
            if due is not None and due <= now():
                command(listing_id)
    except WrongState:
        return
