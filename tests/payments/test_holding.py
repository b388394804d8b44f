"""Money that is held: let go or taken once, never both, never after its bank has ended it."""

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import now
from marketplace.kit.db import get, lock, transaction
from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.outbox import keeping
from marketplace.payments import asking, holding
from marketplace.payments.expiring import expire
from marketplace.payments.models import Ending, Hold, Payment, PaymentState
from marketplace.payments.reconciling import catch_up, look_at_open_payments
from marketplace.payments.refunding import promise_refund
from marketplace.payments.rules import HoldEnded, RefundTooLarge
from marketplace.payments.stripe import till
from marketplace.payments.syncing import booked, sync
from tests.crashing import PowerCut, rolled_back
from tests.local_stripe import LocalStripe
from tests.payments.till import after, ask_hold, capture, facts, held, intent, moves, release, said, seen, state
from tests.racing import at_once


def test_the_bank_holds_the_sum_and_nothing_is_paid(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    assert (intent(stripe, payment_id), seen(payment_id).balance_txn_id) == (("requires_capture", 0), None)
    until = get(Hold, payment_id).capture_before
    assert until is not None
    assert timedelta(days=29) < until - now() < timedelta(days=31)
    assert facts("payment.succeeded", "payment.processing") == {}
    assert said("hold.placed") == [
        {"payment_id": payment_id, "subject": "test:1", "way": "hold", "capture_before": int(until.timestamp())}
    ]
    found = holding.held("test:1")
    assert found is not None
    assert found.id == payment_id


def test_the_page_offers_no_store_and_says_that_nothing_is_charged(app: Flask, stripe: LocalStripe) -> None:
    text = stripe.visit(asking.checkout_url(ask_hold())).text
    assert "コンビニ" not in text
    assert "30,000円の枠を確保する" in text


def test_a_hold_that_was_let_go_is_gone_at_stripe(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    assert release(payment_id)
    assert intent(stripe, payment_id)[0] == "requires_capture"  # the worker does it
    keeping.drain()
    assert (state(payment_id), intent(stripe, payment_id)) == (PaymentState.RELEASED, ("canceled", 0))
    assert moves() == ["payment.open", "payment.hold", "hold.release", "payment.release"]
    assert said("hold.released") == [{"payment_id": payment_id, "subject": "test:1", "way": "hold"}]
    assert holding.held("test:1") is None


def test_a_part_may_be_taken_and_the_rest_goes_back_at_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    capture(payment_id, 20_000)
    keeping.drain()
    assert (state(payment_id), intent(stripe, payment_id)) == (PaymentState.CAPTURED, ("succeeded", 20_000))
    assert said("hold.captured") == [{"payment_id": payment_id, "subject": "test:1", "way": "hold", "yen": 20_000}]
    assert booked(payment_id).fee_yen == 720


def test_one_decision_for_each_hold(app: Flask, stripe: LocalStripe) -> None:
    taken, let_go = held(stripe, "test:1"), held(stripe, "test:2")
    capture(taken)
    capture(taken)  # the same key again is the same decision
    release(let_go)
    assert not release(taken)
    with pytest.raises(HoldEnded):
        capture(taken, key="another reason")
    with pytest.raises(HoldEnded):
        capture(let_go)
    keeping.drain()
    assert (state(taken), state(let_go)) == (PaymentState.CAPTURED, PaymentState.RELEASED)


@pytest.mark.parametrize("race", range(3))
def test_letting_go_and_taking_at_once_ends_in_one_of_both(app: Flask, stripe: LocalStripe, race: int) -> None:
    payment_id = held(stripe)
    at_once(app, 4, lambda who: capture(payment_id) if who % 2 else release(payment_id))
    at_once(app, 3, lambda _: holding.carry_out(payment_id))
    keeping.drain()
    expected = {
        Ending.RELEASE: (PaymentState.RELEASED, ("canceled", 0), {"hold.released"}),
        Ending.CAPTURE: (PaymentState.CAPTURED, ("succeeded", 30_000), {"hold.captured"}),
    }[get(Hold, payment_id).ending or Ending.RELEASE]
    told = {topic for topic, _ in facts("hold.released", "hold.captured", "hold.lost")}
    assert (state(payment_id), intent(stripe, payment_id), told) == expected
    assert moves().count("payment.release") + moves().count("payment.capture") == 1


def test_a_decision_that_was_rolled_back_is_none(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    with rolled_back():
        capture(payment_id)
    keeping.drain()
    assert state(payment_id) == PaymentState.HELD


@pytest.mark.parametrize("yen", [0, -1, 30_001])
def test_never_more_is_taken_than_is_held(app: Flask, stripe: LocalStripe, yen: int) -> None:
    payment_id = held(stripe)
    with pytest.raises(HoldEnded):
        capture(payment_id, yen)


def test_nothing_is_taken_that_is_not_held(app: Flask) -> None:
    payment_id = ask_hold()
    with pytest.raises(HoldEnded):
        capture(payment_id)


@pytest.mark.parametrize("ending", ["release", "capture"])
def test_dying_after_stripe_has_done_it_does_it_once(
    app: Flask, stripe: LocalStripe, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes between Stripe's answer and our commit."""
    payment_id = held(stripe)
    (release if ending == "release" else capture)(payment_id)
    done = 0

    def cut(*_: object) -> PaymentState:
        nonlocal done
        done += 1
        if done == 2:  # the first look is before Stripe is asked
            raise PowerCut
        return sync(payment_id)

    with monkeypatch.context() as patched:
        patched.setattr(holding, "sync", cut)
        with pytest.raises(PowerCut):
            holding.carry_out(payment_id)
    assert state(payment_id) == PaymentState.HELD
    keeping.drain()
    assert intent(stripe, payment_id) == {"release": ("canceled", 0), "capture": ("succeeded", 30_000)}[ending]
    assert state(payment_id) == {"release": PaymentState.RELEASED, "capture": PaymentState.CAPTURED}[ending]


def test_stripe_away_is_tried_again(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    capture(payment_id)
    stripe.sim("faults", fail_next=2)
    with pytest.raises(Unavailable):
        holding.carry_out(payment_id)
    assert state(payment_id) == PaymentState.HELD
    assert holding.carry_out(payment_id) == PaymentState.CAPTURED


def test_a_lost_answer_takes_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    capture(payment_id)
    stripe.sim("faults", lose_reply_next=1)
    keeping.drain()
    assert (state(payment_id), intent(stripe, payment_id)) == (PaymentState.CAPTURED, ("succeeded", 30_000))
    assert len(stripe.client().charges.list().data) == 1


def test_letting_go_before_it_is_held_closes_the_page(app: Flask, stripe: LocalStripe) -> None:
    asked, opened = ask_hold("test:1"), ask_hold("test:2")
    url = asking.checkout_url(opened)
    assert release(asked)
    assert release(opened)
    keeping.drain()
    assert (state(asked), state(opened)) == (PaymentState.EXPIRED, PaymentState.EXPIRED)
    assert stripe.pay(url).status == 410
    with pytest.raises(WrongState):
        asking.checkout_url(asked)


@pytest.mark.parametrize("race", range(4))
def test_letting_go_while_the_payer_is_on_the_page_leaves_nothing_held(
    app: Flask, stripe: LocalStripe, race: int
) -> None:
    payment_id = ask_hold()
    url = asking.checkout_url(payment_id)
    at_once(app, 2, lambda who: stripe.pay(url) if who else release(payment_id) and holding.carry_out(payment_id))
    keeping.drain()
    assert state(payment_id) in (PaymentState.EXPIRED, PaymentState.RELEASED)
    assert {one.status for one in stripe.client().payment_intents.list().data} <= {"canceled"}


def test_another_sum_than_asked_is_for_people_to_look_at(app: Flask, stripe: LocalStripe) -> None:
    payment_id = ask_hold()
    url = asking.checkout_url(payment_id)
    with transaction():
        lock(Payment, payment_id).yen = 29_999
    stripe.pay(url)
    assert sync(payment_id) == PaymentState.NEEDS_REVIEW


def test_webhooks_bring_it_and_twice_is_once(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True, duplicate=1.0)
    payment_id = ask_hold()
    stripe.pay(asking.checkout_url(payment_id))
    stripe.sim("deliver", order="newest")
    keeping.drain()
    assert state(payment_id) == PaymentState.HELD
    stripe.client().payment_intents.cancel(str(seen(payment_id).payment_intent_id))  # by hand, in the dashboard
    stripe.sim("deliver")
    keeping.drain()
    assert moves() == ["payment.open", "payment.hold", "payment.lose"]
    assert (len(said("hold.placed")), len(said("hold.lost"))) == (1, 1)


def test_lost_webhooks_are_caught_up_with(app: Flask, stripe: LocalStripe) -> None:
    placed, ended = held(stripe, "test:1"), held(stripe, "test:2", card="pm_card_amex")
    fresh = ask_hold("test:3")
    stripe.pay(asking.checkout_url(fresh))
    assert catch_up() > 0
    keeping.drain()
    assert state(fresh) == PaymentState.HELD
    with after(stripe, 7.1):
        look_at_open_payments()  # even where the list of events has nothing to say about it
        assert (state(placed), state(ended)) == (PaymentState.HELD, PaymentState.LOST)


def test_what_was_taken_may_go_back(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    capture(payment_id, 20_000)
    keeping.drain()
    with transaction():
        with pytest.raises(RefundTooLarge):
            promise_refund(payment_id, 20_001, "誤り", "more than was taken")
        promise_refund(payment_id, 20_000, "誤り", "a mistake")
    keeping.drain()
    assert [(one.amount, one.status) for one in stripe.client().refunds.list().data] == [(20_000, "succeeded")]


def test_a_hold_is_not_expired_by_closing_its_page(app: Flask, stripe: LocalStripe) -> None:
    payment_id = held(stripe)
    assert expire(payment_id) == PaymentState.HELD
    session = till().session(str(seen(payment_id).session_id))
    assert (session.status, session.intent_status) == ("complete", "requires_capture")
