"""Money that has come, of which the order has not heard yet, since the worker has much to do, ends nobody's hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from marketplace.orders import expiring
from marketplace.orders.handlers import on_end
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.expiring import expire
from marketplace.payments.syncing import sync
from tests import given
from tests.local_stripe import LocalStripe

OVER = timedelta(minutes=15, seconds=10)


def told(order_id: int) -> tuple[OrderState, list[str]]:
    db.session.rollback()
    order = get(Order, order_id)
    mails = sa.select(Notice.template).where(Notice.to_email == order.buyer.email).order_by(Notice.id)
    return order.state, list(db.session.scalars(mails))


@pytest.mark.parametrize("heard_of", ["at the end", "before"])
def test_whoever_paid_in_time_keeps_the_last_unit(app: Flask, stripe: LocalStripe, heard_of: str) -> None:
    listing_id = given.a_listing(quantity=1, price_yen=1_000)
    order = get(Order, place(given.an_account(), listing_id))
    stripe.pay(checkout(order.id))
    payment = asking.open_payment(order.subject)
    assert payment is not None
    if heard_of == "before":
        sync(payment.id)
    with pretending(now() + OVER):
        expiring.expire_unpaid()
        expiring.expire_unpaid()
        assert told(order.id) == (OrderState.AWAITING_PAYMENT, [])
        keeping.drain()
    assert told(order.id) == (OrderState.PAID, ["paid"])


def test_the_late_news_of_a_page_that_was_closed_ends_no_hold_that_is_paid_on_another(
    app: Flask, stripe: LocalStripe
) -> None:
    order = get(Order, place(given.an_account(), given.a_listing(quantity=1, price_yen=1_000)))
    checkout(order.id)
    first = asking.open_payment(order.subject)
    assert first is not None
    expire(first.id)
    stripe.pay(checkout(order.id))
    second = asking.open_payment(order.subject)
    assert second is not None
    with pretending(now() + OVER):
        on_end(first.id, order.subject)
        sync(second.id)
        on_end(first.id, order.subject)
        assert told(order.id) == (OrderState.AWAITING_PAYMENT, [])
        keeping.drain()
    assert told(order.id) == (OrderState.PAID, ["paid"])
