"""Closing a page: nothing is released before Stripe has said so."""

import pytest
from flask import Flask

from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.payments import asking
from marketplace.payments.expiring import expire
from marketplace.payments.models import PaymentState
from marketplace.payments.stripe import till
from tests.local_stripe import LocalStripe
from tests.payments.till import ask, facts, opened, said, seen, state
from tests.racing import at_once


def test_a_closed_page_takes_no_money(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    assert expire(payment_id) == PaymentState.EXPIRED
    assert stripe.pay(url).status == 410
    assert said("payment.expired") == [{"payment_id": payment_id, "subject": "test:1", "way": "page"}]


def test_money_that_came_a_moment_before_counts(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    stripe.pay(url)
    assert expire(payment_id) == PaymentState.SUCCEEDED
    assert facts("payment.expired") == {}


def test_a_slip_in_somebodys_hand_is_not_expired(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened(allow_konbini=True)
    stripe.visit(url, do="konbini")
    assert expire(payment_id) == PaymentState.PROCESSING


@pytest.mark.parametrize("race", range(5))
def test_closing_and_paying_at_once_ends_in_one_of_both(app: Flask, stripe: LocalStripe, race: int) -> None:
    payment_id, url = opened()
    _state, status = at_once(app, 2, lambda who: stripe.pay(url).status if who else expire(payment_id))
    expected = {303: PaymentState.SUCCEEDED, 410: PaymentState.EXPIRED}[status]
    assert expire(payment_id) == state(payment_id) == expected


def test_a_payment_that_was_never_opened_can_not_be_opened_later(app: Flask, stripe: LocalStripe) -> None:
    payment_id = ask()
    assert expire(payment_id) == PaymentState.EXPIRED
    with pytest.raises(WrongState):
        asking.checkout_url(payment_id)


def test_a_page_that_a_dead_process_left_behind_is_closed(app: Flask, stripe: LocalStripe) -> None:
    payment = seen(ask())
    left_behind = till().create(payment.params, payment.idempotency_key)
    assert expire(payment.id) == PaymentState.EXPIRED
    assert stripe.pay(str(left_behind.url)).status == 410


@pytest.mark.parametrize("race", range(5))
def test_opening_and_closing_at_once_leaves_no_page(app: Flask, stripe: LocalStripe, race: int) -> None:
    payment_id = ask()
    at_once(app, 2, lambda who: asking.checkout_url(payment_id) if who else expire(payment_id))
    assert expire(payment_id) == PaymentState.EXPIRED
    assert [one.status for one in stripe.client().checkout.sessions.list().data] == ["expired"]


def test_closing_twice_is_closing_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id, _url = opened()
    assert at_once(app, 4, lambda _: expire(payment_id)) == [PaymentState.EXPIRED] * 4
    assert set(facts("payment.expired").values()) == {1}


def test_stripe_away_releases_nothing(app: Flask, stripe: LocalStripe) -> None:
    payment_id, _url = opened()
    stripe.sim("faults", fail_next=2)
    with pytest.raises(Unavailable):
        expire(payment_id)
    assert state(payment_id) == PaymentState.OPEN
