"""How an awarded order ends in a test."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, transaction
from marketplace.listings.taking import give_back, sell
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from marketplace.outbox.promising import say


def open_orders(listing_id: int) -> list[Order]:
    """Orders that wait for their money, oldest first."""
    waiting = sa.select(Order).where(Order.listing_id == listing_id, Order.state == OrderState.AWAITING_PAYMENT)
    return list(db.session.scalars(waiting.order_by(Order.id)))


def unpaid(order_id: int) -> None:
    """The time to pay is over ⇢ order.expired, and everybody has heard it."""
    with transaction():
        order = lock(Order, order_id)
        move(order, "expire")
        give_back(order.unit_id)
        _say("order.expired", order)
    keeping.drain()


def paid(order_id: int) -> None:
    """The money has come ⇢ order.paid, and everybody has heard it."""
    with transaction():
        order = lock(Order, order_id)
        order.paid_at = now()
        move(order, "pay")
        sell(order.unit_id)
        _say("order.paid", order)
    keeping.drain()


def _say(topic: str, order: Order) -> None:
    say(topic, key=order.code, order_id=order.id, listing_id=order.listing_id, buyer_id=order.buyer_id)
