"""A little town of which reports are made: its sales, and the lines that Stripe's balance made in the book."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.fund import handlers
from marketplace.fund.posting import post
from marketplace.fund.rules import stripe_lines
from marketplace.kit.clock import now
from marketplace.kit.db import get, lock, transaction
from marketplace.orders.models import Order
from marketplace.payments.models import Payment
from marketplace.payments.refund_models import Refund
from tests.receipts.bought import given_back, paid

FEE = 47


def sold(listing_id: int | None = None, buyer_id: int | None = None, **more: Any) -> Order:
    """Somebody bought and paid, and the book knows it."""
    return booked(paid(listing_id, buyer_id, **more))


def booked(order: Order) -> Order:
    """The book knows that an order was paid."""
    assert order.paid_by_payment_id is not None
    with transaction():
        payment = lock(Payment, order.paid_by_payment_id)
        payment.fee_yen = FEE
    handlers.on_payment(payment_id=payment.id, subject=order.subject)
    return get(Order, order.id)


def returned(order: Order) -> Refund:
    """The price went back, and the book knows it."""
    refund = given_back(order)
    with transaction():
        lock(Refund, refund.id).balance_txn_id = f"txn_re_{refund.id}"
    handlers.on_refund(refund_id=refund.id, subject=order.subject)
    return get(Refund, refund.id)


def paid_out(yen: int, at: datetime | None = None) -> None:
    """Stripe sent money to the town's bank."""
    post(f"txn_po_{yen}", "payout", stripe_lines("payout", -yen, 0), at=at or now())
