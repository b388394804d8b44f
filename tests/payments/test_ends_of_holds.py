"""The end that its bank sets to money that is held, and what a newer hold does."""

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.refusals import Unavailable
from marketplace.outbox import keeping
from marketplace.payments import holding
from marketplace.payments.models import PaymentState
from marketplace.payments.rules import HoldEnded
from marketplace.payments.syncing import sync
from tests.local_stripe import LocalStripe
from tests.payments.till import DAY, after, capture, facts, held, intent, release, said, state


def test_a_bank_that_ends_the_hold_is_heard(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    with after(stripe, 30.1):
        assert sync(payment_id) == PaymentState.LOST
        assert said("hold.lost") == [{"payment_id": payment_id, "subject": "test:1", "way": "hold"}]
        with pytest.raises(HoldEnded):
            capture(payment_id)


def test_nothing_is_taken_after_the_last_moment(app: Flask, stripe: LocalStripe) -> None:
    """Decided in time, carried out too late: Stripe is not even asked."""
    payment_id = held(stripe, card="pm_card_amex")
    capture(payment_id)
    stripe.sim("advance", seconds=7 * DAY - 60)
    with pretending(now() + timedelta(days=7, seconds=5)), pytest.raises(Unavailable):
        holding.carry_out(payment_id)
    assert intent(stripe, payment_id) == ("requires_capture", 0)
    with after(stripe, 1):
        assert holding.carry_out(payment_id) == PaymentState.LOST
    assert facts("hold.captured") == {}


def test_a_decision_after_the_last_moment_is_refused(app: Flask, stripe: LocalStripe) -> None:
    """Although we have not heard of the end yet."""
    payment_id = held(stripe, card="pm_card_amex")
    with after(stripe, 7.1), pytest.raises(HoldEnded):
        capture(payment_id)


def test_two_days_before_the_end_it_is_said_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id, let_go = held(stripe, "test:1", card="pm_card_amex"), held(stripe, "test:2", card="pm_card_amex")
    release(let_go)
    holding.warn()
    assert said("hold.ends_soon") == []
    with pretending(now() + timedelta(days=5, minutes=1)):
        holding.warn()
        holding.warn()
    assert [body["payment_id"] for body in said("hold.ends_soon")] == [payment_id]


def test_a_newer_hold_takes_the_place_of_the_older(app: Flask, stripe: LocalStripe) -> None:
    older = held(stripe, card="pm_card_amex")
    newer = held(stripe)
    keeping.drain()
    assert (state(older), state(newer)) == (PaymentState.RELEASED, PaymentState.HELD)
    assert said("hold.released") == [{"payment_id": older, "subject": "test:1", "way": "hold"}]
