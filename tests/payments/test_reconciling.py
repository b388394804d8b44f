"""What no webhook has brought is asked for."""

import logging
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.statements import balances
from marketplace.holders.rules import Disputed
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.outbox import keeping
from marketplace.payments import reconciling
from marketplace.payments.balance import read_balance
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.reconciling import (
    catch_up,
    in_turn,
    look_at_disputes,
    look_at_open_payments,
    look_at_pending_refunds,
    reconcile,
)
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.stripe_models import Cursor, Dispute, StripeEvent
from marketplace.tokens.freezing import frozen
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, heard, issued, payment_of, token_of
from tests.payments.till import ask, facts, opened, paid, promised, seen, state


def test_lost_news_are_caught_up_with_once(app: Flask, stripe: LocalStripe) -> None:
    assert catch_up() == 0
    payment_id, url = opened()
    stripe.pay(url)
    assert catch_up() == 1  # the session's; what charges and intents say of it is told by that one
    assert catch_up() == 0
    keeping.drain()
    assert state(payment_id) == PaymentState.SUCCEEDED
    assert set(db.session.scalars(sa.select(StripeEvent.via))) == {"reconciler"}


def test_what_was_there_before_the_town_first_looked_is_not_called_lost(app: Flask, stripe: LocalStripe) -> None:
    stripe.pay(opened("before:1")[1])
    assert catch_up() == 1
    stripe.pay(opened("after:1")[1])
    assert catch_up() == 1
    heard = sa.select(StripeEvent.via).order_by(StripeEvent.received_at)
    assert list(db.session.scalars(heard)) == ["first_look", "reconciler"]


def test_what_a_webhook_brought_is_not_heard_again(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True)
    _payment_id, url = opened()
    stripe.pay(url)
    stripe.sim("deliver")
    assert catch_up() == 0


def test_more_than_one_page_is_read(app: Flask, stripe: LocalStripe) -> None:
    for n in range(60):
        stripe.pay(opened(f"many:{n}")[1])
    assert catch_up() == 60


def test_reading_goes_on_an_hour_before_where_it_ended(app: Flask, stripe: LocalStripe) -> None:
    stripe.sim("clock", at=1_790_000_000)
    session = stripe.client().checkout.sessions.create(
        {"mode": "setup", "currency": "jpy", "success_url": "http://127.0.0.1:9/"}
    )
    stripe.client().checkout.sessions.expire(session.id)
    catch_up()
    assert get(Cursor, "events").seconds in range(1_790_000_000, 1_790_000_060)
    db.session.rollback()
    stripe.sim("reset")
    stripe.sim("clock", at=1_790_000_000 - 3700)
    assert catch_up() == 0
    assert get(Cursor, "events").seconds >= 1_790_000_000  # never back


def test_a_page_that_nobody_came_back_from_is_looked_at(app: Flask, stripe: LocalStripe) -> None:
    """Even where Stripe's list of events has nothing to say about it any more."""
    payment_id, url = opened()
    stripe.pay(url)
    look_at_open_payments()
    assert state(payment_id) == PaymentState.OPEN  # too young: its webhook is on its way
    with pretending(now() + timedelta(minutes=5)):
        look_at_open_payments()
    assert state(payment_id) == PaymentState.SUCCEEDED


def test_one_that_stripe_does_not_know_keeps_nobody_waiting(
    app: Flask, stripe: LocalStripe, caplog: pytest.LogCaptureFixture
) -> None:
    lost, _url = opened("lost:1")
    payment_id, url = opened("there:1")
    with transaction():
        get(Payment, lost).session_id = "cs_test_of_another_account"
    stripe.pay(url)
    with pretending(now() + timedelta(minutes=5)):
        look_at_open_payments()
    assert (state(lost), state(payment_id)) == (PaymentState.OPEN, PaymentState.SUCCEEDED)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        f"sync {lost} is not to be had: Stripe: resource_missing"
    ]


def test_a_page_that_was_never_made_is_given_up_when_its_time_is_over(app: Flask, stripe: LocalStripe) -> None:
    """Or it would be asked about for ever."""
    payment_id = ask()
    stripe.sim("advance", seconds=3600)
    with pretending(now() + timedelta(hours=1)):
        look_at_open_payments()
        assert state(payment_id) == PaymentState.FAILED
        look_at_open_payments()
    assert set(facts("payment.failed").values()) == {1}
    assert stripe.client().checkout.sessions.list().data == []


def test_a_page_whose_time_is_over_has_expired_or_was_paid(app: Flask, stripe: LocalStripe) -> None:
    left, _url = opened("left")
    paid_on, url = opened("paid")
    stripe.pay(url)
    with pretending(now() + timedelta(hours=1)):
        look_at_open_payments()
    assert (state(left), state(paid_on)) == (PaymentState.EXPIRED, PaymentState.SUCCEEDED)


def test_every_line_of_the_balance_is_said_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    promised(payment_id, 300)
    keeping.drain()
    stripe.sim("payout")
    assert (read_balance(), read_balance()) == (3, 3)  # an hour is read again …
    heard_by = {hearer: times for (_topic, hearer), times in facts("balance.moved").items()}
    assert heard_by == {  # … and said once, to each for whom it is
        "marketplace.fund.handlers.on_balance": 3,
        "marketplace.payments.handlers.on_money_that_went_back": 1,
    }
    keeping.drain()
    assert balances()["bank"] == 1000 - 36 - 300


def away(stripe: LocalStripe, days: int) -> Any:
    """The town's machine is off for so long, and Stripe's time goes on; no webhook arrives."""
    stripe.sim("advance", seconds=days * 24 * 60 * 60)
    return pretending(now() + timedelta(days=days))


@pytest.mark.parametrize("end", ["lost", "won"])
def test_a_dispute_whose_whole_life_the_town_was_away_for_is_found(
    app: Flask, stripe: LocalStripe, chain: Chain, end: str
) -> None:
    order = issued(chain, bought(stripe))
    heard()
    dispute = stripe.sim("dispute", payment_intent=payment_of(order).payment_intent_id)["id"]
    stripe.sim("close_dispute", dispute=dispute, won=end == "won")
    with away(stripe, 40):
        heard()
        assert get(Dispute, dispute).status == end
        assert isinstance(frozen(token_of(order)), Disputed) == (end == "lost")


def test_a_dispute_that_was_open_before_the_town_was_away_is_followed_to_its_end(
    app: Flask, stripe: LocalStripe
) -> None:
    order = bought(stripe)
    dispute = disputed(stripe, order)
    stripe.sim("close_dispute", dispute=dispute, won=False)  # moves no money, so that the balance does not tell
    with away(stripe, 40):
        heard()
        assert (get(Dispute, dispute).status, payment_of(order).dispute) == ("lost", "lost")


def test_a_dispute_of_somebody_elses_payment_on_the_same_account_passes_by(app: Flask, stripe: LocalStripe) -> None:
    _payment_id, url = opened()
    stripe.pay(url, card="pm_card_createDispute")
    with transaction() as session:
        session.execute(sa.update(Payment).values(idempotency_key="another shop's"))
    look_at_disputes()
    assert db.session.scalars(sa.select(Dispute)).all() == []


def test_a_refund_that_reaches_its_payer_while_the_town_is_away_is_found(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe, card="pm_card_pendingRefund")
    refund_id = promised(payment_id)
    heard()
    assert get(Refund, refund_id).state == RefundState.SENT
    stripe.sim("advance", seconds=2 * 24 * 60 * 60)
    with away(stripe, 40):
        heard()
        assert get(Refund, refund_id).state == RefundState.SUCCEEDED


def test_a_refund_behind_a_hundred_that_stay_pending_is_looked_at_within_three_rounds(
    app: Flask, stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "LOOKS", 2)
    refunds = [
        promised(paid(stripe, f"test:{number}", card="pm_card_pendingRefund"), key=f"back:{number}")
        for number in range(5)
    ]
    heard()
    stripe.sim("advance", seconds=2 * 24 * 60 * 60)
    with transaction():  # the news of four of them are not to be had: they stay pending
        for refund_id in refunds[:4]:
            get(Payment, get(Refund, refund_id).payment_id).payment_intent_id = f"pi_of_another_{refund_id}"
    at = now() + timedelta(days=2)
    for round_ in range(3):
        with pretending(at + round_ * timedelta(minutes=10)):
            look_at_pending_refunds()
    assert get(Refund, refunds[4]).state == RefundState.SUCCEEDED


def test_each_of_many_has_its_turn_and_few_are_all_looked_at(app: Flask) -> None:
    many, few = list(range(250)), list(range(100))
    at = now()
    seen: list[int] = []
    for round_ in range(3):
        with pretending(at + round_ * timedelta(minutes=10)):
            assert (len(in_turn(many)), in_turn(few)) == (100, few)
            seen += in_turn(many)
    assert sorted(set(seen)) == many


def test_a_refund_by_hand_while_the_town_is_away_is_found_by_the_balance(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    promised(paid(stripe, "test:2"), 200)
    heard()
    stripe.client().refunds.create({"payment_intent": str(seen(payment_id).payment_intent_id), "amount": 300})
    with away(stripe, 40):
        heard()
        found = db.session.scalars(sa.select(Refund).order_by(Refund.id))
        assert [(each.yen, each.by_hand) for each in found] == [(200, False), (300, True)]


def test_stripe_away_is_a_line_in_the_log_and_no_more(
    app: Flask, stripe: LocalStripe, caplog: pytest.LogCaptureFixture
) -> None:
    ask()
    stripe.sim("faults", fail_next=2)
    with caplog.at_level(logging.WARNING):
        reconcile()
    assert [record.message for record in caplog.records] == ["reconciling stops: Stripe: APIError"]
