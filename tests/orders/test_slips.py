"""A payment on its way that does not come: whoever has time left pays another way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.orders import expiring
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from tests import given
from tests.local_stripe import LocalStripe


def state(order_id: int) -> OrderState:
    db.session.rollback()
    return get(Order, order_id).state


def with_a_slip(stripe: LocalStripe, order_id: int | None = None) -> tuple[int, int]:
    """An order whose buyer took a slip to the store: its id, and the payment's."""
    order = get(Order, order_id or place(given.an_account(), given.a_listing(price_yen=1_000)))
    pages = ("http://127.0.0.1/done", "http://127.0.0.1/confirm")
    ends = now() + timedelta(hours=1)
    payment_id = asking.ask(order.subject, 1_000, "品", "hana@example.jp", *pages, ends, allow_konbini=True)
    stripe.visit(asking.checkout_url(payment_id), do="konbini")
    sync(payment_id)
    return order.id, payment_id


def lapsed(stripe: LocalStripe, payment_id: int) -> None:
    """At the store; here there is time left, as winners have."""
    stripe.sim("advance", seconds=3 * 24 * 3600)
    sync(payment_id)
    stripe.sim("clock", at=int(now().timestamp()))


@pytest.mark.parametrize("turned", [False, True])
def test_a_slip_that_lapses_leaves_the_rest_of_the_time(app: Flask, stripe: LocalStripe, turned: bool) -> None:
    """Also where its end is heard before it."""
    order_id, payment_id = with_a_slip(stripe)
    if not turned:
        keeping.drain()
        assert state(order_id) == OrderState.PROCESSING
    lapsed(stripe, payment_id)
    keeping.deliver_all(keeping.due()[::-1])
    assert state(order_id) == OrderState.AWAITING_PAYMENT
    stripe.pay(checkout(order_id))
    payment = asking.open_payment(get(Order, order_id).subject)
    assert payment is not None
    assert (payment.n, payment.idempotency_key) == (2, f"{payment.subject}:checkout:2")
    sync(payment.id)
    keeping.drain()
    assert state(order_id) == OrderState.PAID


def test_and_where_nobody_pays_it_ends(app: Flask, stripe: LocalStripe) -> None:
    order_id, payment_id = with_a_slip(stripe)
    keeping.drain()
    lapsed(stripe, payment_id)
    keeping.drain()
    with pretending(now() + timedelta(minutes=16)):
        expiring.expire_unpaid()
    assert state(order_id) == OrderState.EXPIRED
