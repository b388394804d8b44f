"""An order that Stripe keeps from ending, or from being paid, is before the staff, with a way out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get, transaction
from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.listings.models import UnitState
from marketplace.listings.taking import counts
from marketplace.orders import expiring, unended
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking, charging
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.syncing import sync
from marketplace.staff import money_tasks
from tests import given
from tests.local_stripe import LocalStripe
from tests.orders.test_cancelling import cancelled
from tests.orders.test_elsewhere import LATER, asked, states
from tests.pages import read, submit
from tests.payments.till import saved

WORD = {"word": "前の口座のページで、お支払いはない"}


def told() -> list[tuple[str, str]]:
    return [(task.what, task.href) for task in (*money_tasks.not_ended(), *money_tasks.without_page())]


def ended(client: FlaskClient, order: Order) -> int:
    path = f"/staff/orders/{order.code}"
    return submit(client, path, WORD, action=f"{path}/end").status_code


def test_one_of_whose_page_stripe_knows_nothing_is_ended_by_hand(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    listing_id = given.a_listing(price_yen=1_000, quantity=1)
    order = get(Order, asked(listing_id, elsewhere=True))
    path = f"/staff/orders/{order.code}"
    with pretending(now() + timedelta(minutes=1)):
        assert (told(), "期限を過ぎても終わっていません" in read(a_treasurer(client).get(path)).words) == ([], False)
    with pretending(now() + LATER * 2):
        expiring.expire_unpaid()
        assert told() == [("期限を過ぎた注文が1件、終わらずに残っています", path)]
        assert "期限を過ぎても終わっていません" in read(a_treasurer(client).get(path)).words
        assert submit(client, path, {"word": ""}, action=f"{path}/end").status_code == 422
        assert ended(client, order) == 303
        keeping.drain()
        assert (states(order.id), told()) == ([OrderState.EXPIRED], [])
        assert counts([listing_id])[listing_id] == {UnitState.FREE: 1}
        with pytest.raises(WrongState):
            unended.end(order.id, "staff:ACC-TEST", WORD["word"])


def known_as(payment_id: int, session_id: str | None) -> None:
    """As where Stripe's key is another account's for a while: there the page is none that it knows."""
    with transaction() as session:
        session.execute(sa.update(Payment).where(Payment.id == payment_id).values(session_id=session_id))


def a_treasurer(client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("treasury"))


def test_money_decides_and_where_stripe_is_away_nothing_does(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    order = get(Order, place(given.an_account(), given.a_listing(price_yen=1_000)))
    stripe.pay(checkout(order.id))
    a_treasurer(client)
    with pretending(now() + LATER * 2):
        stripe.sim("faults", fail_next=2)
        assert (ended(client, order), states(order.id)) == (503, [OrderState.AWAITING_PAYMENT])
        assert ended(client, order) == 303
        keeping.drain()
        assert states(order.id) == [OrderState.PAID]


def test_nobody_ends_an_order_of_their_own(app: Flask, client: FlaskClient, stripe: LocalStripe) -> None:
    order = get(Order, asked(given.a_listing(price_yen=1_000), elsewhere=True))
    given.staff("treasury", email=order.buyer.email)
    given.signed_in(client, order.buyer_id)
    with pretending(now() + LATER * 2):
        assert (ended(client, order), states(order.id)) == (403, [OrderState.AWAITING_PAYMENT])


def test_one_of_a_cancelled_sale_need_not_wait_for_its_deadline(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    listing_id = given.a_listing(price_yen=1_000, hold_minutes=60)
    order = get(Order, asked(listing_id, elsewhere=True))
    cancelled(listing_id)
    a_treasurer(client)
    with pretending(now() + timedelta(minutes=15)):
        assert len(told()) == 1
        assert ended(client, order) == 303
        assert (states(order.id), told()) == ([OrderState.EXPIRED], [])


def test_money_that_comes_after_all_buys_the_right(app: Flask, client: FlaskClient, stripe: LocalStripe) -> None:
    """Staff looked into the wrong account: by the key of the first one Stripe tells of the page again."""
    order = get(Order, asked(given.a_listing(price_yen=1_000)))
    payment = asking.open_payment(order.subject)
    assert payment is not None
    session_id, url = payment.session_id, str(payment.url)
    known_as(payment.id, "cs_test_of_another_account")
    with pretending(now() + LATER * 2):
        assert ended(a_treasurer(client), order) == 303
        keeping.drain()
        assert states(order.id) == [OrderState.EXPIRED]
    known_as(payment.id, session_id)
    stripe.pay(url)
    assert sync(payment.id) == PaymentState.SUCCEEDED
    keeping.drain()
    assert states(order.id) == [OrderState.PAID]


def test_one_that_stripe_makes_no_page_for_is_told_until_there_is_one(app: Flask, stripe: LocalStripe) -> None:
    order = get(Order, place(given.an_account(), given.a_listing(price_yen=1_000)))
    soon = now() + timedelta(minutes=20)  # nearer than Stripe takes it
    refused = asking.ask(order.subject, 1_000, "権利", "a@example.jp", "http://127.0.0.1/", "http://127.0.0.1/", soon)
    with pytest.raises(Unavailable):
        asking.checkout_url(refused)
    keeping.drain()
    assert get(Payment, refused).state == PaymentState.FAILED
    assert told() == [("決済会社が支払いページを作らず、払えない注文が1件あります", f"/staff/orders/{order.code}")]
    checkout(order.id)
    assert told() == []


def test_who_pays_by_hand_since_their_card_was_refused_is_not_told_as_one_without_a_page(
    app: Flask, stripe: LocalStripe
) -> None:
    order = get(Order, place(given.an_account(), given.a_listing(price_yen=1_000)))
    saved_id = saved(stripe, card="pm_card_chargeCustomerFail")
    with transaction():
        refused = charging.promise_charge(saved_id, order.subject, 1_000, "権利", "won")
    keeping.drain()
    assert refused is not None
    assert (get(Payment, refused).state, told()) == (PaymentState.FAILED, [])
