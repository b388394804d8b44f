"""Hearing Stripe's news: forged ones leave no trace, real ones are kept once."""

import json
import time
from typing import Any

import pytest
import sqlalchemy as sa
import stripe as official
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from marketplace.kit.db import db, get, lock, transaction
from marketplace.outbox import keeping, troubles
from marketplace.payments.handlers import on_event
from marketplace.payments.hearing import Forged, hear
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.stripe_models import StripeEvent
from marketplace.payments.syncing import sync
from marketplace.settings import Settings
from tests.local_stripe import SECRET, LocalStripe
from tests.payments.till import facts, moves, opened, paid, promised, said, seen, state
from tests.racing import at_once

OLD_SECRET = "whsec_before_the_change"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"stripe_webhook_secrets": SecretStr(f"{OLD_SECRET}, {SECRET}")})


def event(kind: str = "checkout.session.completed", live: bool = False, **about: Any) -> bytes:
    thing = {
        "object": "checkout.session",
        "id": "cs_test_1",
        "payment_intent": None,
        "client_reference_id": "test:1:checkout:1",
        "metadata": {},
        "customer_details": {"email": "hanako@example.jp", "name": "山田花子"},
        **about,
    }
    whole = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": 1_790_000_000,
        "livemode": live,
        "data": {"object": thing},
    }
    return json.dumps(whole).encode()


def sealed(body: bytes, secret: str = SECRET, age: int = 0) -> str:
    """The Stripe-Signature header, by the official client's own hand."""
    header: str = official.WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(time.time()) - age
    )
    return header


def kept() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(StripeEvent.id)))


def test_real_news_are_kept_and_answered(client: FlaskClient) -> None:
    body = event()
    answer = client.post("/webhooks/stripe", data=body, headers={"Stripe-Signature": sealed(body)})
    assert (answer.status_code, answer.data, kept()) == (200, b"", ["evt_1"])
    assert facts("stripe.event") == {("stripe.event", "marketplace.payments.handlers.on_event"): 1}


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_while_secrets_are_exchanged_both_fit(app: Flask, secret: str) -> None:
    hear(event(), sealed(event(), secret))
    assert kept() == ["evt_1"]


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (event(), ""),
        (event(), "t=1,v1=00"),
        (event(), "nonsense"),
        (event(), sealed(event(), "whsec_somebody_else")),
        (event(), sealed(event(), "")),
        (event(), sealed(event(id="cs_test_2"))),
        (event(), sealed(event(), age=301)),
        (event(live=True), sealed(event(live=True))),
        (b"[]", sealed(b"[]")),
        (b"{", sealed(b"{")),
        (b'{"data": {"object": 1}}', sealed(b'{"data": {"object": 1}}')),
    ],
    ids=["none", "zero", "nonsense", "another", "empty", "other body", "old", "live", "list", "broken", "shapeless"],
)
def test_what_is_not_from_stripe_leaves_no_trace(client: FlaskClient, body: bytes, signature: str) -> None:
    answer = client.post("/webhooks/stripe", data=body, headers={"Stripe-Signature": signature})
    assert (answer.status_code, kept()) == (400, [])


def test_news_just_young_enough_are_heard(app: Flask) -> None:
    hear(event(), sealed(event(), age=290))
    assert kept() == ["evt_1"]


def test_no_secret_lets_nothing_in(app: Flask) -> None:
    app.extensions["hiroba.settings"] = app.extensions["hiroba.settings"].model_copy(
        update={"stripe_webhook_secrets": SecretStr("")}
    )
    with pytest.raises(Forged):
        hear(event(), sealed(event(), ""))


def test_the_same_news_are_kept_once(app: Flask) -> None:
    assert at_once(app, 6, lambda _: hear(event(), sealed(event()))) == [None] * 6
    assert kept() == ["evt_1"]
    assert set(facts("stripe.event").values()) == {1}


def test_kinds_of_no_interest_are_answered_and_forgotten(client: FlaskClient) -> None:
    body = event("customer.created")
    answer = client.post("/webhooks/stripe", data=body, headers={"Stripe-Signature": sealed(body)})
    assert (answer.status_code, kept()) == (200, [])


def test_names_and_addresses_are_not_kept(app: Flask) -> None:
    hear(event(), sealed(event()))
    (one,) = db.session.scalars(sa.select(StripeEvent))
    assert one.about == {
        "object": "checkout.session",
        "id": "cs_test_1",
        "reference": "test:1:checkout:1",
        "payment_intent": None,
    }


# --- what the worker makes of them -----------------------------------------------------------------------------------


def test_a_webhook_brings_a_payment_to_its_end(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    """From the payer's click to the fact, over real HTTP, with a real signature."""
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    payment_id, url = opened()
    stripe.pay(url)
    assert stripe.sim("deliver")["failed"] == 0
    keeping.drain()
    assert state(payment_id) == PaymentState.SUCCEEDED
    assert said("payment.succeeded") == [{"payment_id": payment_id, "subject": "test:1", "way": "page", "yen": 1_000}]


def test_stripe_says_twice_that_a_page_was_paid_and_one_of_them_is_kept(
    app: Flask, stripe: LocalStripe, live_server: str
) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    payment_id, url = opened()
    stripe.pay(url)
    stripe.sim("deliver")
    assert list(db.session.scalars(sa.select(StripeEvent.kind))) == ["checkout.session.completed"]
    keeping.drain()
    assert (state(payment_id), seen(payment_id).fee_yen is None) == (PaymentState.SUCCEEDED, False)


def test_what_the_buyer_who_came_back_has_found_is_not_asked_again(
    app: Flask, stripe: LocalStripe, live_server: str
) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    payment_id, url = opened()
    stripe.pay(url)
    stripe.sim("deliver")
    sync(payment_id)
    before = stripe.sim("stats")["counts"]["api"]
    keeping.drain()
    assert stripe.sim("stats")["counts"]["api"] == before


def test_news_of_what_the_buyer_who_came_back_has_found_are_kept_and_told_to_nobody(
    app: Flask, stripe: LocalStripe, live_server: str
) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    paid(stripe)
    stripe.sim("deliver")
    assert list(db.session.scalars(sa.select(StripeEvent.kind))) == ["checkout.session.completed"]
    assert facts("stripe.event") == {}


def test_of_what_is_found_but_not_yet_booked_the_worker_is_told(
    app: Flask, stripe: LocalStripe, live_server: str
) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    payment_id = paid(stripe)
    with transaction():
        payment = lock(Payment, payment_id)
        was, payment.balance_txn_id = payment.balance_txn_id, None
    stripe.sim("deliver")
    keeping.drain()
    assert seen(payment_id).balance_txn_id == was


@pytest.mark.parametrize("order", ["oldest", "newest", "shuffled"])
def test_order_and_repetition_make_no_difference(app: Flask, stripe: LocalStripe, live_server: str, order: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True, duplicate=1.0)
    payment_id = paid(stripe)
    refund_id = promised(payment_id, 400)
    keeping.drain()
    stripe.sim("deliver", order=order)
    keeping.drain()
    assert (state(payment_id), seen(payment_id).refunded_yen) == (PaymentState.SUCCEEDED, 400)
    assert [body["refund_id"] for body in said("payment.refunded")] == [refund_id]
    assert set(facts("payment.succeeded", "payment.refunded").values()) == {1}
    assert keeping.late() == []


def test_a_dispute_is_said_once_for_each_of_its_states(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True, duplicate=1.0)
    payment_id = paid(stripe)
    intent = stripe.client().payment_intents.list().data[0].id
    dispute = stripe.sim("dispute", payment_intent=intent)["id"]
    stripe.sim("deliver", order="newest")
    keeping.drain()
    assert seen(payment_id).dispute == "needs_response"
    stripe.sim("close_dispute", dispute=dispute, won=True)
    stripe.sim("deliver")
    keeping.drain()
    assert seen(payment_id).dispute == "won"
    for event_id in kept():  # the outbox delivers at least once
        on_event(event_id)
    assert moves() == ["payment.open", "payment.succeed", "payment.dispute", "payment.dispute"]


def test_a_refund_that_bounces_later_is_noticed(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    payment_id = paid(stripe)
    refund_id = promised(payment_id)
    keeping.drain()
    stripe.sim("deliver")
    keeping.drain()
    assert seen(payment_id).refunded_yen == 1_000
    stripe.sim("bounce", refund=stripe.client().refunds.list().data[0].id)
    stripe.sim("deliver")
    keeping.drain()
    assert (get(Refund, refund_id).state, seen(payment_id).refunded_yen) == (RefundState.FAILED, 0)


def test_news_about_other_shops_of_the_account_pass_by(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    params: Any = {
        "amount": 500,
        "currency": "jpy",
        "payment_method": "pm_card_visa",
        "confirm": True,
        "off_session": True,
    }
    intent = stripe.client().payment_intents.create(params)
    stripe.client().refunds.create({"payment_intent": intent.id})
    stripe.sim("deliver")
    keeping.drain()
    assert (keeping.late(), facts("payment.succeeded", "payment.refunded")) == ([], {})


def test_while_stripe_is_away_the_news_wait(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    payment_id, url = opened()
    stripe.pay(url)
    stripe.sim("deliver")
    stripe.sim("faults", fail_next=100)
    keeping.drain()
    assert state(payment_id) == PaymentState.OPEN
    assert {message.error for message in keeping.late()} == {"Unavailable: Stripe: APIError"}
    stripe.sim("faults", fail_next=0)
    for message in keeping.late():
        troubles.retry(message.id)
    keeping.drain()
    assert state(payment_id) == PaymentState.SUCCEEDED
