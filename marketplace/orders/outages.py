"""Time in which nobody could pay is given back to those who won: what the town's machine lost is not theirs to lose.

A hold of a fixed sale is not lengthened: its buyer was there a moment ago, and others want the unit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import note
from marketplace.kit.db import db, get, lock, writing
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.sending import send
from marketplace.orders.models import Order, OrderState, Origin
from marketplace.settings import settings

SOON = timedelta(days=1)
"""Whose time was over by then, or nearly, is told; everybody reads the new deadline on the order's page."""


def give_time_back(since: datetime, until: datetime) -> int:
    """Inside a transaction: move each winner's deadline by what fell between these two of their time; how many."""
    assert writing(), "give_time_back() belongs inside transaction()"
    won = Order.origin.in_((Origin.LOTTERY, Origin.AUCTION))
    on = Listing.state != ListingState.CANCELLED  # whose orders end as soon as their office hears of it
    ids = sa.select(Order.id).where(Order.state == OrderState.AWAITING_PAYMENT, won, Order.pay_by > since)
    ids = ids.join(Listing, Listing.id == Order.listing_id).where(on)
    moved = 0
    for order_id in list(db.session.scalars(ids.order_by(Order.id))):
        order = lock(Order, order_id)
        lost = until - max(since, order.created_at)
        if order.state != OrderState.AWAITING_PAYMENT or lost <= timedelta(0):
            continue
        hurried = order.pay_by < until + SOON
        order.pay_by += lost
        moved += 1
        note(order.subject, "more_time", pay_by=order.pay_by.isoformat(), minutes=lost // timedelta(minutes=1))
        if hurried:
            _tell(order, since, until)
    return moved


def _tell(order: Order, since: datetime, until: datetime) -> None:
    buyer = get(Account, order.buyer_id)
    send(
        "more_time",
        buyer.email,
        key=f"more-time-{since:%Y%m%d%H%M}:{order.code}",
        language=buyer.language,
        order=order,
        right=order.listing.right,
        since=since,
        until=until,
        link=f"{settings().base_url}/orders/{order.code}/confirm",
    )
