"""Place an order: a unit is held for one person, for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.fund.assessing import assess
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction, writing
from marketplace.kit.refusals import Refused
from marketplace.listings.models import Listing, Mode, UnitState
from marketplace.listings.rules import AllHeld, SaleClosed, SoldOut, check_open
from marketplace.listings.taking import Taken, counts, take_unit
from marketplace.notices.sending import send
from marketplace.orders import deposits, turns
from marketplace.orders.models import LIVE, OPEN, Order, OrderState, Origin
from marketplace.settings import settings

_LIVE = sa.select(Order.id, Order.code, Order.state).where(
    Order.buyer_id == sa.bindparam("buyer"), Order.listing_id == sa.bindparam("listing"), Order.state.in_(LIVE)
)


class LimitReached(Refused):
    code = "limit_reached"
    message = "お一人さまの上限まで、もうお持ちです。"


class Placed(NamedTuple):
    id: int
    code: str


def place(buyer_id: int, listing_id: int) -> int:
    """placed(), where the order's id is enough."""
    return placed(buyer_id, listing_id).id


def placed(buyer_id: int, listing_id: int) -> Placed:
    """Hold a unit of a fixed-price sale for `buyer_id`: their order.

    Placing again while an order is open gives that same order: a double click, a second tab and the back button
    are one wish. NotYetOpen, SaleClosed, NotYourTurn, SoldOut, AllHeld, LimitReached.
    """
    with transaction():
        buyer = lock(Account, buyer_id)  # one person's wishes in a row, whichever window they come from
        listing = get(Listing, listing_id)
        if listing.mode != Mode.FIXED:
            raise SaleClosed
        have = _live(buyer.id, listing.id)
        open_order = next((order for order, state in have.items() if state in OPEN), None)
        if open_order is not None:
            return open_order
        check_open(listing, now())
        _check_limit(len(have), listing)
        if listing.waiting_room:
            turns.use(listing.id, buyer.id)
        unit = take_unit(listing.id)
        if unit is None:
            raise AllHeld if counts([listing.id]).get(listing.id, {}).get(UnitState.HELD) else SoldOut
        pay_by = now() + timedelta(minutes=listing.hold_minutes)
        order = _write(buyer.id, listing, unit, listing.price_yen, pay_by, Origin.FIXED)
        return Placed(order.id, order.code)


def award(
    buyer_id: int,
    listing_id: int,
    yen: int,
    pay_by: datetime,
    origin: str,
    letter: str = "pay_link",
    deposit_payment_id: int | None = None,
) -> int:
    """Hold a unit for a winner and mail the pay link, or the caller's own letter; the order's id.

    Inside the caller's transaction. `deposit_payment_id` is a hold of the winner's that is to count towards the price.

    SoldOut where no unit is left, which the caller's own rules must have made impossible.
    """
    assert writing(), "award() belongs inside transaction()"
    listing = get(Listing, listing_id)
    unit = take_unit(listing.id)
    if unit is None:
        raise SoldOut
    order = _write(buyer_id, listing, unit, yen, pay_by, Origin(origin))
    if yen:
        assess(order.subject, yen, order.created_at)
    if deposit_payment_id is not None:
        order.deposit_payment_id = deposits.take(deposit_payment_id, yen)
    send(
        letter,
        get(Account, buyer_id).email,
        key=f"{letter.replace('_', '-')}:{order.code}",
        order=order,
        right=listing.right,
        deposit_yen=deposits.being_taken(order),
        link=f"{settings().base_url}/orders/{order.code}/confirm",
    )
    return order.id


def check_limit(buyer_id: int, listing: Listing) -> None:
    """LimitReached where this person has all the units of `listing` that one person may have."""
    _check_limit(len(_live(buyer_id, listing.id)), listing)


def _check_limit(have: int, listing: Listing) -> None:
    if have >= listing.per_person_limit:
        raise LimitReached


def _live(buyer_id: int, listing_id: int) -> dict[Placed, OrderState]:
    """What this person has, or is about to have, of a listing: {order: its state}."""
    found = db.session.execute(_LIVE, {"buyer": buyer_id, "listing": listing_id})
    return {Placed(row.id, row.code): row.state for row in found}


def _write(buyer_id: int, listing: Listing, unit: Taken, yen: int, pay_by: datetime, origin: Origin) -> Order:
    order = Order(
        buyer_id=buyer_id,
        listing_id=listing.id,
        unit_id=unit.id,
        yen=yen,
        origin=origin,
        state=OrderState.AWAITING_PAYMENT,
        pay_by=pay_by,
        created_at=now(),
    )
    db.session.add(order)
    db.session.flush()
    note(order.subject, "place", by=f"buyer:{get(Account, buyer_id).code}", listing=listing.code, yen=yen)
    return order
