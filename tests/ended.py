"""How an awarded order ends in a test."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db, get
from marketplace.orders import settling
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from marketplace.payments import asking


def open_orders(listing_id: int) -> list[Order]:
    """Orders that wait for their money, oldest first."""
    waiting = sa.select(Order).where(Order.listing_id == listing_id, Order.state == OrderState.AWAITING_PAYMENT)
    return list(db.session.scalars(waiting.order_by(Order.id)))


def unpaid(order_id: int) -> None:
    """The time to pay is over ⇢ order.expired, and everybody has heard it."""
    settling.expire(order_id)
    keeping.drain()


def paid(order_id: int) -> None:
    """The money has come ⇢ order.paid, and everybody has heard it."""
    order = get(Order, order_id)
    page = f"http://127.0.0.1/orders/{order.code}"
    payment_id = asking.ask(order.subject, order.yen, "権利", "buyer@example.jp", page, page, order.pay_by)
    settling.pay(order_id, payment_id, order.yen)
    keeping.drain()
