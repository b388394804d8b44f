"""Orders whose money has come, and went back: what Stripe says of it is written here as syncing writes it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.accounts.introducing import introduce
from marketplace.journal.writing import move
from marketplace.kit.db import db, get, lock, transaction
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.orders.settling import pay, refund, refunded
from marketplace.payments.asking import ask
from marketplace.payments.models import Payment
from marketplace.payments.refund_models import Refund
from marketplace.settings.budgets import Budget
from tests import given

BUDGETS = {
    "general": Budget(name="一般会計", registration="T2000012345678"),
    "tourism": Budget(name="観光事業特別会計"),
}


def paid(listing_id: int | None = None, buyer_id: int | None = None, **more: Any) -> Order:
    """Somebody has bought and paid: 1,300 yen where `more` says nothing else."""
    listing_id = listing_id or given.a_listing(**({"price_yen": 1_300} | more))
    return paid_for(place(buyer_id or given.an_account(), listing_id))


def paid_for(order_id: int) -> Order:
    """The money of an order has come."""
    order = get(Order, order_id)
    payment_id = ask(order.subject, order.yen, "権利", "hanako@example.jp", "http://a/", "http://a/", order.pay_by)
    with transaction():
        payment = lock(Payment, payment_id)
        payment.payment_intent_id = f"pi_{payment_id}"
        payment.balance_txn_id = f"txn_{payment_id}"
        move(payment, "payment.succeed")
    pay(order.id, payment_id, order.yen)
    return get(Order, order.id)


def given_back(order: Order) -> Refund:
    """The whole price went back, before the right was issued."""
    refund(order.id, by="staff:ACC-TEST", why="中止")
    row = db.session.scalars(sa.select(Refund).where(Refund.payment_id == order.paid_by_payment_id)).one()
    with transaction():
        move(lock(Refund, row.id), "refund.succeed")
    refunded(order.id, row.payment_id)
    return get(Refund, row.id)


def sent_back_by_the_card(order: Order) -> Refund:
    """The price was to go back, and the card did not take it."""
    refund(order.id, by="staff:ACC-TEST", why="中止")
    row = db.session.scalars(sa.select(Refund).where(Refund.payment_id == order.paid_by_payment_id)).one()
    with transaction():
        locked = lock(Refund, row.id)
        locked.payment.refunded_yen -= locked.yen
        move(locked, "refund.fail")
    return get(Refund, row.id)


def called(name: str) -> int:
    """A buyer who told the site their name."""
    account_id = given.an_account()
    introduce(account_id, name, "", "")
    return account_id
