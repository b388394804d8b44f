"""Money goes back once."""

import pytest
from flask import Flask

from marketplace.kit.db import get
from marketplace.kit.refusals import Unavailable
from marketplace.outbox import keeping
from marketplace.payments.noticing import look_again
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.refunding import send
from marketplace.payments.rules import RefundTooLarge
from marketplace.payments.stripe import till
from tests.crashing import rolled_back
from tests.local_stripe import LocalStripe
from tests.payments.till import facts, opened, paid, promised, said, seen
from tests.racing import at_once


def refunds(stripe: LocalStripe) -> list[int]:
    return [one.amount for one in stripe.client().refunds.list({"limit": 100}).data]


def test_a_promise_is_kept_by_the_worker(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    refund_id = promised(payment_id)
    assert refunds(stripe) == []
    keeping.drain()
    refund = get(Refund, refund_id)
    assert (refund.state, refunds(stripe)) == (RefundState.SUCCEEDED, [1000])
    assert seen(payment_id).refunded_yen == 1000
    assert said("payment.refunded") == [{"payment_id": payment_id, "subject": "test:1", "refund_id": refund_id}]


def test_a_promise_that_was_rolled_back_is_none(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    with rolled_back():
        promised(payment_id)
    keeping.drain()
    assert (refunds(stripe), seen(payment_id).refunded_yen) == ([], 0)


def test_one_key_is_one_refund(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    outcomes = at_once(app, 5, lambda _: promised(payment_id, 400))
    assert len(set(outcomes)) == 1
    keeping.drain()
    assert refunds(stripe) == [400]


def test_never_more_goes_back_than_came(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    outcomes = at_once(app, 4, lambda n: promised(payment_id, 400, key=f"part:{n}"))
    assert sum(isinstance(each, RefundTooLarge) for each in outcomes) == 2
    keeping.drain()
    assert (refunds(stripe), seen(payment_id).refunded_yen) == ([400, 400], 800)


def test_nothing_goes_back_that_has_not_come(app: Flask) -> None:
    payment_id, _url = opened()
    with pytest.raises(RefundTooLarge):
        promised(payment_id)


def test_dying_after_stripe_has_paid_back_pays_back_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    refund_id = promised(payment_id)
    till().send_back(str(seen(payment_id).payment_intent_id), 1000, "back", "payment")
    assert send(refund_id) == RefundState.SUCCEEDED
    assert refunds(stripe) == [1000]


def test_a_day_later_it_is_still_paid_back_once(app: Flask, stripe: LocalStripe) -> None:
    """…although Stripe has forgotten the key by then."""
    payment_id = paid(stripe)
    refund_id = promised(payment_id, 300)
    till().send_back(str(seen(payment_id).payment_intent_id), 300, "back", "payment")
    stripe.sim("advance", seconds=25 * 60 * 60)
    assert send(refund_id) == RefundState.SUCCEEDED
    assert refunds(stripe) == [300]


def test_a_lost_answer_pays_back_once(app: Flask, stripe: LocalStripe) -> None:
    refund_id = promised(paid(stripe), 300)
    stripe.sim("faults", lose_reply_next=1)
    assert send(refund_id) == RefundState.SUCCEEDED
    assert refunds(stripe) == [300]


def test_four_workers_pay_back_once(app: Flask, stripe: LocalStripe) -> None:
    refund_id = promised(paid(stripe), 300)
    outcomes = at_once(app, 4, lambda _: send(refund_id))
    assert {each for each in outcomes if not isinstance(each, Unavailable)} == {RefundState.SUCCEEDED}
    assert (refunds(stripe), set(facts("payment.refunded").values())) == ([300], {1})


def test_a_refund_that_comes_back_is_said_and_counted_out(app: Flask, stripe: LocalStripe) -> None:
    """The payer's bank did not take it: the money is the town's again until staff find another way."""
    payment_id = paid(stripe, card="pm_card_refundFail")
    refund_id = promised(payment_id)
    keeping.drain()
    assert get(Refund, refund_id).state == RefundState.FAILED
    assert (seen(payment_id).refunded_yen, said("payment.refunded")) == (0, [])


def test_a_disputed_payment_can_not_be_given_back(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe, card="pm_card_createDispute")
    refund_id = promised(payment_id)
    assert send(refund_id) == RefundState.FAILED
    assert (refunds(stripe), seen(payment_id).refunded_yen) == ([], 0)


def test_looking_again_changes_nothing_when_nothing_has_changed(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    refund_id = promised(payment_id, 300)
    send(refund_id)
    look_again(payment_id)
    assert (get(Refund, refund_id).state, seen(payment_id).refunded_yen) == (RefundState.SUCCEEDED, 300)
    assert set(facts("payment.refunded").values()) == {1}
