"""How things stand for one visitor of a waiting room, and what anybody may know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.published import Record
from marketplace.listings.models import Listing, ListingState, UnitState
from marketplace.listings.taking import counts
from marketplace.orders.models import LIVE, OPEN, Order, Turn
from marketplace.waiting import shuffle
from marketplace.waiting.models import Place, Room, RoomState

LEAST_S, MOST_S = 5, 120
"""How often a page that waits asks again, in seconds: the more wait, the seldomer."""
PER_SECOND = 50
"""Questions of waiting pages that a machine of two cores answers beside the sale."""
NEAR = 200
"""Who is so near to being called asks often, however many wait behind."""


class Stand(StrEnum):
    OUTSIDE = "outside"
    GATHERED = "gathered"
    SHUFFLING = "shuffling"
    IN_LINE = "in_line"
    YOUR_TURN = "your_turn"
    ORDERED = "ordered"
    BOUGHT = "bought"
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
    """The visitor's open order, else the newest that is paid."""
    may_have_more: bool = False
    """Who has bought, and may stand in the line again."""
    remaining: int = 0
    """Units that nobody has or is paying for."""
    sold_out: bool = False
    poll_s: int = 0
    """Seconds until the page asks again; 0: nothing will change by itself."""
    gave_up: bool = False
    """The turn led to an order that is no more."""


def standing_of(room: Room | None, listing: Listing, account_id: int | None) -> Standing:
    """For the visitor, who may be nobody. Without a room: before the notice of the sale was heard.

    Thousands ask at once, so it is two questions to the database.
    """
    place, turn, order, have = _own(listing.id, account_id)
    units = counts([listing.id]).get(listing.id, {})
    stand = Stand.ORDERED if order and order.is_open else _stand(room, listing, place)
    if stand is Stand.IN_LINE and place and place.called_at is not None:
        stand = Stand.YOUR_TURN if turn is not None and turn.good(now()) else Stand.PASSED
    if order and stand in (Stand.PASSED, Stand.OVER):
        stand = Stand.BOUGHT
    return Standing(
        stand,
        place,
        ends_at=turn.ends_at if turn else None,
        order=order,
        may_have_more=bool(room and room.state == RoomState.CALLING and have < listing.per_person_limit),
        remaining=units.get(UnitState.FREE, 0),
        sold_out=set(units) == {UnitState.SOLD},
        poll_s=patience(room, place) if room and stand in ASKS_AGAIN else 0,
        gave_up=bool(turn and turn.used_at),
    )


_LISTING, _ACCOUNT = sa.bindparam("listing", type_=sa.Integer()), sa.bindparam("account", type_=sa.Integer())
OWN = (
    sa.select(Place, Turn, Order, sa.func.count(Order.id).over())
    .select_from(Account)
    .outerjoin(Room, Room.listing_id == _LISTING)
    .outerjoin(Place, sa.and_(Place.room_id == Room.id, Place.account_id == Account.id))
    .outerjoin(Turn, sa.and_(Turn.listing_id == _LISTING, Turn.buyer_id == Account.id))
    .outerjoin(Order, sa.and_(Order.buyer_id == Account.id, Order.listing_id == _LISTING, Order.state.in_(LIVE)))
    .where(Account.id == _ACCOUNT)
    .order_by(Order.state.in_(OPEN).desc(), Order.id.desc())
    .limit(1)
)
"""Built once: to build it costs more than to ask."""


def _own(listing_id: int, account_id: int | None) -> tuple[Place | None, Turn | None, Order | None, int]:
    """The visitor's place, latest turn and order, and how many orders of theirs count."""
    row = account_id and db.session.execute(OWN, {"listing": listing_id, "account": account_id}).first()
    return (row[0], row[1], row[2], row[3]) if row else (None, None, None, 0)


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


def patience(room: Room, place: Place | None) -> int:
    """Seconds between two questions of a page, so that all of them together are about PER_SECOND at most."""
    if place and place.position and place.position <= room.called + NEAR:
        return LEAST_S
    return min(MOST_S, max(LEAST_S, room.waiting // PER_SECOND))


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
