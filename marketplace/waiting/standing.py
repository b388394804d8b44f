"""How things stand for one visitor of a waiting room, and what anybody may know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.published import Record
from marketplace.listings.models import Listing, ListingState, UnitState
from marketplace.listings.taking import counts
from marketplace.orders import turns
from marketplace.orders.models import OPEN, Order
from marketplace.waiting import shuffle
from marketplace.waiting.joining import place_of
from marketplace.waiting.models import Place, Room, RoomState

LEAST_S, MOST_S = 5, 60
"""How often a page that waits asks again, in seconds: the more wait, the seldomer."""
PER_SECOND = 100
"""Questions of waiting pages that a machine of two cores answers beside the sale."""


class Stand(StrEnum):
    OUTSIDE = "outside"
    GATHERED = "gathered"
    SHUFFLING = "shuffling"
    IN_LINE = "in_line"
    YOUR_TURN = "your_turn"
    ORDERED = "ordered"
    PASSED = "passed"
    OVER = "over"


ASKS_AGAIN = (Stand.GATHERED, Stand.SHUFFLING, Stand.IN_LINE)


@dataclass(frozen=True)
class Standing:
    stand: Stand
    place: Place | None = None
    ends_at: datetime | None = None
    """Until when it is the visitor's turn."""
    order: Order | None = None
    """The visitor's open order."""
    remaining: int = 0
    """Units that nobody has or is paying for."""
    poll_s: int = 0
    """Seconds until the page asks again; 0: nothing will change by itself."""


def standing_of(room: Room | None, listing: Listing, account_id: int | None) -> Standing:
    """For the visitor, who may be nobody. Without a room: before the notice of the sale was heard."""
    found = counts([listing.id]).get(listing.id, {})
    free = found.get(UnitState.FREE, 0)
    place = place_of(room.id, account_id) if room and account_id else None
    order = _open_order(listing.id, account_id) if account_id else None
    stand, ends_at = Stand.ORDERED if order else _stand(room, listing, place), None
    if stand is Stand.IN_LINE and place and place.called_at is not None and account_id:
        turn = turns.of(listing.id, account_id)
        stand = Stand.YOUR_TURN if turn is not None and turn.ends_at > now() else Stand.PASSED
        ends_at = turn.ends_at if turn is not None else None
    poll_s = patience(room) if room and stand in ASKS_AGAIN else 0
    return Standing(stand, place, ends_at, order, free, poll_s)


def _stand(room: Room | None, listing: Listing, place: Place | None) -> Stand:
    if listing.state not in (ListingState.PUBLISHED, ListingState.OPEN, ListingState.SUSPENDED):
        return Stand.OVER
    if room is None or place is None or place.left_at is not None:
        return Stand.OVER if room and room.state == RoomState.OVER else Stand.OUTSIDE
    match room.state:
        case RoomState.GATHERING:
            return Stand.GATHERED
        case RoomState.SHUFFLING if place.position is None:
            return Stand.SHUFFLING
        case RoomState.CALLING if place.called_at is None and (place.position or 0) <= room.called:
            return Stand.PASSED  # it came while the person had left
        case RoomState.OVER:
            return Stand.OVER
    return Stand.IN_LINE


def patience(room: Room) -> int:
    """Seconds between two questions of a page, so that all of them together are no more than PER_SECOND."""
    return min(MOST_S, max(LEAST_S, room.waiting // PER_SECOND))


def _open_order(listing_id: int, account_id: int) -> Order | None:
    mine = sa.select(Order).where(Order.buyer_id == account_id, Order.listing_id == listing_id, Order.state.in_(OPEN))
    return db.session.scalar(mine)


def published(room: Room) -> Record:
    """The file by which a stranger recomputes the order: docs/waiting-v1.md. Numbers alone, nobody's name or code."""
    drawn = room.drawn_at is not None
    beacon = {"round": room.fixed["round"], "signature": room.signature} if room.fixed and room.signature else None
    return {
        "version": shuffle.VERSION,
        "state": str(room.state),
        "sealed": room.sealed,
        "commit": room.fixed,
        "secret": room.secret if drawn else None,
        "beacon": beacon,
        "seed": room.seed,
        "order": shuffle.order(bytes.fromhex(room.seed), room.fixed["n"]) if room.seed and room.fixed else None,
        "drawn_at": room.drawn_at.isoformat() if room.drawn_at else None,
    }
