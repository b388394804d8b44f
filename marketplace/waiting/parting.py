"""The end of a waiting room: whoever was told that a letter would come gets one, though they can no longer buy."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.kit.db import get, transaction
from marketplace.listings.models import Listing, ListingState, UnitState
from marketplace.listings.taking import counts
from marketplace.notices.sending import Haste, send
from marketplace.orders.models import Turn
from marketplace.outbox.promising import handles, say
from marketplace.waiting.models import Place, Room

PORTION = 200
"""Letters written in one transaction."""


class End(StrEnum):
    """Why nobody is called any more."""

    SOLD_OUT = "sold_out"
    CANCELLED = "cancelled"
    CLOSED = "closed"


def end_of(listing: Listing) -> End:
    """Of a sale that is over."""
    if listing.state == ListingState.CANCELLED:
        return End.CANCELLED
    return End.SOLD_OUT if set(counts([listing.id]).get(listing.id, {})) == {UnitState.SOLD} else End.CLOSED


@handles("waiting.over")
def tell(room_id: int, end: str, past: int = 0) -> None:
    """A letter to each who still waited, or whose turn it was, a portion at a time ⇢ waiting.over for the rest. Not to
    those whose turn has passed or led to an order: they know."""
    with transaction() as session:
        room = get(Room, room_id)
        last_hour = room.listing.suspended_at or room.ended_at  # a turn of when it was stopped was to be kept
        turn = sa.and_(Turn.listing_id == room.listing_id, Turn.buyer_id == Place.account_id)
        waited = Place.called_at.is_(None) | (Turn.used_at.is_(None) & (Turn.ends_at > last_hour))
        line = (
            sa.select(Place.no, Place.called_at, Account.email)
            .join(Account, Account.id == Place.account_id)
            .outerjoin(Turn, turn)
            .where(Place.room_id == room.id, Place.left_at.is_(None), Place.no > past, waited)
        )
        rows = session.execute(line.order_by(Place.no).limit(PORTION)).all()
        for no, called_at, email in rows:
            send(
                *("waiting_over", email, f"waiting-over:{room.code}:{no}"),
                haste=Haste.MANY,
                right=room.listing.right,
                listing=room.listing,
                end=end,
                called=called_at is not None,
            )
        if len(rows) == PORTION:
            last = rows[-1].no
            say("waiting.over", key=f"{room.code}:{last}", room_id=room.id, end=end, past=last)
