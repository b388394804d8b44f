"""Asking for a page: one payment, one session, whatever happens on the way."""

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get, transaction
from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.payments import asking
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.rules import NotPayable
from marketplace.payments.stripe import till
from marketplace.payments.syncing import sync
from tests.local_stripe import LocalStripe
from tests.payments.till import ask, moves, opened, paid, said, seen, state
from tests.racing import at_once


def sessions(stripe: LocalStripe) -> list[str]:
    return [one.id for one in stripe.client().checkout.sessions.list({"limit": 100}).data]


def test_asking_writes_everything_down_and_sends_nothing(app: Flask, stripe: LocalStripe) -> None:
    payment = seen(ask(yen=1300))
    assert (payment.state, payment.n, payment.session_id, payment.yen) == (PaymentState.ASKED, 1, None, 1300)
    assert payment.params["expires_at"] == int(payment.expires_at.timestamp())
    assert payment.params["client_reference_id"] == payment.idempotency_key
    assert sessions(stripe) == []


def test_the_page_is_opened_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    assert asking.checkout_url(payment_id) == url
    assert sessions(stripe) == [seen(payment_id).session_id]
    assert moves() == ["payment.open"]


def test_six_clicks_at_once_open_one_page(app: Flask, stripe: LocalStripe) -> None:
    payment_id = ask()
    outcomes = at_once(app, 6, lambda _: asking.checkout_url(payment_id))
    assert len(sessions(stripe)) == 1
    assert {each for each in outcomes if not isinstance(each, Unavailable)} == {seen(payment_id).url}


def test_asking_again_gives_the_payment_under_way(app: Flask) -> None:
    first = ask()
    assert ask() == first
    assert ask("test:2") != first


def test_six_who_ask_at_once_get_one_payment(app: Flask) -> None:
    outcomes = at_once(app, 6, lambda _: ask())
    assert {each for each in outcomes if not isinstance(each, Unavailable)} == {asking.open_payment("test:1").id}  # type: ignore[union-attr]


def test_after_an_end_there_is_a_next_attempt(app: Flask, stripe: LocalStripe) -> None:
    first, url = opened()
    stripe.client().checkout.sessions.expire(str(seen(first).session_id))
    assert sync(first) == PaymentState.EXPIRED
    second = ask()
    assert (seen(second).n, seen(second).idempotency_key) == (2, "test:1:checkout:2")
    assert asking.checkout_url(second) != url


def test_dying_after_stripe_made_the_page_makes_no_second_one(app: Flask, stripe: LocalStripe) -> None:
    """The process that had asked never came to write the session down."""
    payment = seen(ask())
    left_behind = till().create(payment.params, payment.idempotency_key)
    assert asking.checkout_url(payment.id) == left_behind.url
    assert sessions(stripe) == [left_behind.id]


def test_a_day_later_the_page_that_was_left_behind_is_found(app: Flask, stripe: LocalStripe) -> None:
    """…although Stripe has forgotten the key by then."""
    payment = seen(ask(expires_at=now() + timedelta(hours=23)))
    left_behind = till().create(payment.params, payment.idempotency_key)
    stripe.sim("advance", seconds=25 * 60 * 60)
    with pretending(now() + timedelta(hours=25)):
        assert sync(payment.id) == PaymentState.EXPIRED
    assert (seen(payment.id).session_id, sessions(stripe)) == (left_behind.id, [left_behind.id])


def test_a_day_later_no_second_page_can_be_made(app: Flask, stripe: LocalStripe) -> None:
    payment = seen(ask(expires_at=now() + timedelta(hours=23)))
    left_behind = till().create(payment.params, payment.idempotency_key)
    stripe.sim("advance", seconds=25 * 60 * 60)
    with pretending(now() + timedelta(hours=25)), pytest.raises(Unavailable):
        asking.checkout_url(payment.id)
    assert (seen(payment.id).session_id, sessions(stripe)) == (left_behind.id, [left_behind.id])


def test_a_page_for_a_payment_that_has_ended_meanwhile_is_closed_at_once(app: Flask, stripe: LocalStripe) -> None:
    """Another process gave the payment up while this one was asking Stripe."""
    payment_id = ask()
    asking.give_up(payment_id, "another process could not make it")
    session = asking.open_page(payment_id)
    assert (session.status, state(payment_id)) == ("expired", PaymentState.FAILED)
    assert [one.status for one in stripe.client().checkout.sessions.list().data] == ["expired"]


def test_a_lost_answer_makes_no_second_page(app: Flask, stripe: LocalStripe) -> None:
    stripe.sim("faults", lose_reply_next=1)
    payment_id, _url = opened()
    assert sessions(stripe) == [seen(payment_id).session_id]


def test_while_stripe_is_away_the_payment_waits(app: Flask, stripe: LocalStripe) -> None:
    payment_id = ask()
    stripe.sim("faults", fail_next=2)
    with pytest.raises(Unavailable):
        asking.checkout_url(payment_id)
    assert state(payment_id) == PaymentState.ASKED
    assert asking.checkout_url(payment_id) == seen(payment_id).url


def test_terms_that_stripe_refuses_end_the_payment(app: Flask, stripe: LocalStripe) -> None:
    """The terms were written down, and nobody came to the page until they were too old."""
    payment_id = ask(expires_at=now() + timedelta(minutes=20))
    with pytest.raises(Unavailable):
        asking.checkout_url(payment_id)
    assert (state(payment_id), sessions(stripe)) == (PaymentState.FAILED, [])
    assert said("payment.failed") == [{"payment_id": payment_id, "subject": "test:1", "way": "page"}]
    assert seen(ask()).n == 2


def test_nothing_more_can_be_paid_on_what_is_paid(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    with pytest.raises(WrongState):
        asking.checkout_url(payment_id)


@pytest.mark.parametrize("yen", [49, 100_000_000])
def test_what_stripe_would_not_take_is_not_asked(app: Flask, yen: int) -> None:
    with pytest.raises(NotPayable):
        ask(yen=yen)
    assert asking.open_payment("test:1") is None


def test_the_store_is_offered_only_where_it_is_allowed(app: Flask, stripe: LocalStripe) -> None:
    assert "コンビニ" not in stripe.visit(opened("test:1")[1]).text
    assert "コンビニ" in stripe.visit(opened("test:2", allow_konbini=True)[1]).text
    assert "コンビニ" not in stripe.visit(opened("test:3", 300_001, allow_konbini=True)[1]).text


def test_the_page_carries_our_words(app: Flask, stripe: LocalStripe) -> None:
    payment_id, _url = opened(yen=1300)
    session = stripe.client().checkout.sessions.retrieve(str(seen(payment_id).session_id))
    assert (session.client_reference_id, session.locale, session.customer_email, session.amount_total) == (
        "test:1:checkout:1",
        "ja",
        "hanako@example.jp",
        1300,
    )
    assert (session.success_url, session.cancel_url) == ("http://127.0.0.1:9/done", "http://127.0.0.1:9/back")


def test_nobody_speaks_to_stripe_inside_a_transaction(app: Flask, stripe: LocalStripe) -> None:
    with transaction():
        payment_id = ask()
        payment = get(Payment, payment_id)
        with pytest.raises(AssertionError):
            till().create(payment.params, payment.idempotency_key)
    assert sessions(stripe) == []
