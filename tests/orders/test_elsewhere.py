"""A page of which this account of Stripe knows nothing, since the town has another one by now: nobody else waits."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.orders import expiring
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from tests import given
from tests.local_stripe import LocalStripe
from tests.orders.test_cancelling import cancelled, paid
from tests.pages import read

LATER = timedelta(minutes=16)


def asked(listing_id: int, elsewhere: bool = False) -> int:
    """An order with an open page."""
    order_id = place(given.an_account(), listing_id)
    checkout(order_id)
    payment = asking.open_payment(get(Order, order_id).subject)
    assert payment is not None
    if elsewhere:
        with transaction():
            payment.session_id = "cs_test_of_another_account"
    return order_id


def states(*order_ids: int) -> list[OrderState]:
    db.session.rollback()
    return [get(Order, each).state for each in order_ids]


def test_the_holds_of_others_end(app: Flask, stripe: LocalStripe, caplog: pytest.LogCaptureFixture) -> None:
    listing_id = given.a_listing(price_yen=1_000)
    lost, other = asked(listing_id, elsewhere=True), asked(listing_id)
    with pretending(now() + LATER):
        for _ in range(3):
            expiring.expire_unpaid()
        keeping.drain()
    assert states(lost, other) == [OrderState.AWAITING_PAYMENT, OrderState.EXPIRED]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        f"order {lost} cannot be ended: Stripe: resource_missing"
    ]


def test_it_is_asked_for_again_after_a_while(app: Flask, stripe: LocalStripe, caplog: pytest.LogCaptureFixture) -> None:
    asked(given.a_listing(price_yen=1_000), elsewhere=True)
    for minutes in (0, 5, 11):
        with pretending(now() + LATER + timedelta(minutes=minutes)):
            expiring.expire_unpaid()
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2


def test_its_buyer_reads_a_page_and_no_failure(app: Flask, stripe: LocalStripe) -> None:
    order = get(Order, asked(given.a_listing(price_yen=1_000), elsewhere=True))
    client = given.signed_in(app.test_client(), order.buyer_id)
    assert client.get(f"/orders/{order.code}/done").status_code == 200
    token = read(client.get(f"/orders/{order.code}/confirm")).forms[0].value("csrf_token")
    assert client.post(f"/orders/{order.code}/cancel", data={"csrf_token": token}).status_code == 503
    assert states(order.id) == [OrderState.AWAITING_PAYMENT]


def test_a_cancelled_sale_gives_the_money_of_others_back(app: Flask, stripe: LocalStripe) -> None:
    listing_id = given.a_listing(price_yen=1_000)
    lost, other = asked(listing_id, elsewhere=True), paid(listing_id, stripe)
    cancelled(listing_id)
    assert states(lost, other) == [OrderState.AWAITING_PAYMENT, OrderState.REFUNDED]
