"""Looking at Stripe again: the present counts, older looks change nothing."""

import pytest
from flask import Flask

from marketplace.kit.db import lock, transaction
from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.payments import asking, rules
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.stripe import till
from marketplace.payments.syncing import booked, follow, sync
from tests.local_stripe import LocalStripe
from tests.payments.till import ask, facts, moves, opened, paid, said, seen, state
from tests.racing import at_once

DAY = 24 * 60 * 60


def test_a_payment_is_followed_to_its_end(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    assert sync(payment_id) == PaymentState.OPEN
    stripe.pay(url)
    assert sync(payment_id) == PaymentState.SUCCEEDED
    payment = seen(payment_id)
    assert (payment.fee_yen, payment.refunded_yen) == (36, 0)
    assert None not in (payment.payment_intent_id, payment.balance_txn_id)
    assert said("payment.succeeded") == [{"payment_id": payment_id, "subject": "test:1", "way": "page", "yen": 1_000}]


def test_six_looks_at_once_say_it_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    stripe.pay(url)
    assert at_once(app, 6, lambda _: sync(payment_id)) == [PaymentState.SUCCEEDED] * 6
    assert moves() == ["payment.open", "payment.succeed"]
    assert set(facts("payment.succeeded").values()) == {1}


def test_an_older_look_changes_nothing(app: Flask, stripe: LocalStripe) -> None:
    """Read before the payer paid, written down after it."""
    payment_id, url = opened()
    older = till().session(str(seen(payment_id).session_id))
    stripe.pay(url)
    sync(payment_id)
    assert follow(payment_id, older) == PaymentState.SUCCEEDED
    assert moves() == ["payment.open", "payment.succeed"]


def test_money_wins_over_an_end_that_was_written_down(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    stripe.pay(url)
    with transaction():
        lock(Payment, payment_id).state = PaymentState.EXPIRED
    assert sync(payment_id) == PaymentState.SUCCEEDED


def test_a_declined_card_leaves_the_page_open(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    assert stripe.pay(url, "pm_card_chargeDeclined").status == 402
    assert sync(payment_id) == PaymentState.OPEN


def test_a_slip_is_processing_until_it_is_paid(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened(allow_konbini=True)
    stripe.visit(url, do="konbini")
    assert sync(payment_id) == PaymentState.PROCESSING
    assert said("payment.processing") == [{"payment_id": payment_id, "subject": "test:1", "way": "page"}]
    stripe.sim("konbini_pay", payment_intent=seen(payment_id).payment_intent_id)
    assert sync(payment_id) == PaymentState.SUCCEEDED


def test_a_slip_that_nobody_pays_has_failed(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened(allow_konbini=True)
    stripe.visit(url, do="konbini")
    sync(payment_id)
    stripe.sim("advance", seconds=3 * DAY)
    assert sync(payment_id) == PaymentState.FAILED
    assert said("payment.failed") == [{"payment_id": payment_id, "subject": "test:1", "way": "page"}]


@pytest.mark.parametrize("asked", [999, 1001])
def test_another_amount_than_asked_is_for_people_to_look_at(app: Flask, stripe: LocalStripe, asked: int) -> None:
    payment_id, url = opened()
    with transaction():
        lock(Payment, payment_id).yen = asked
    stripe.pay(url)
    assert sync(payment_id) == PaymentState.NEEDS_REVIEW
    assert facts("payment.succeeded") == {}
    assert moves() == ["payment.open", "payment.question"]
    under_way = asking.open_payment("test:1")
    assert under_way is not None
    assert under_way.id == payment_id
    with pytest.raises(rules.UnderReview):
        asking.checkout_url(payment_id)


def test_before_there_is_a_page_there_is_nothing_to_see(app: Flask, stripe: LocalStripe) -> None:
    assert sync(ask()) == PaymentState.ASKED


def test_stripe_away_leaves_everything_as_it_is(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    stripe.pay(url)
    stripe.sim("faults", rate_limit_next=1)
    with pytest.raises(Unavailable):
        sync(payment_id)
    assert state(payment_id) == PaymentState.OPEN


def test_a_booking_that_is_missing_is_looked_for(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    with transaction():
        payment = lock(Payment, payment_id)
        was, payment.balance_txn_id = payment.balance_txn_id, None
    assert booked(payment_id).balance_txn_id == was


def test_the_table_of_moves_knows_no_way_back_from_paid() -> None:
    for event, steps in Payment.MOVES.moves.items():
        assert PaymentState.SUCCEEDED not in steps, event
        with pytest.raises(WrongState):
            Payment.MOVES.next(PaymentState.SUCCEEDED, event)
