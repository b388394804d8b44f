"""Stripe's own book, read: its lines, its payouts and what they carried, each once, whoever tells of them first."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.models import Posting
from marketplace.journal.models import Entry
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db
from marketplace.outbox import keeping
from marketplace.payments import asking, balance
from marketplace.payments.reconciling import ask_to_reconcile, catch_up, reconcile
from marketplace.payments.stripe import Transfer
from marketplace.payments.stripe_models import BalanceLine, Payout
from tests import given
from tests.local_stripe import LocalStripe
from tests.payments.till import opened, paid, promised, seen
from tests.racing import at_once


def lines() -> list[tuple[str, int, int, str | None]]:
    db.session.rollback()
    rows = db.session.scalars(sa.select(BalanceLine).order_by(BalanceLine.at, BalanceLine.id))
    return sorted((row.kind, row.gross_yen, row.fee_yen, row.payment.subject if row.payment else None) for row in rows)


def test_every_line_is_kept_with_the_payment_behind_it(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    promised(payment_id, 300)
    keeping.drain()
    stripe.sim("payout")
    balance.read_balance()
    assert lines() == [
        ("charge", 1_000, 36, "test:1"),
        ("payout", -664, 0, None),
        ("refund", -300, 0, "test:1"),
    ]


def test_a_dispute_that_is_heard_of_before_its_payment_finds_it(app: Flask, stripe: LocalStripe) -> None:
    _payment_id, url = opened()
    stripe.pay(url)
    intent = stripe.client().payment_intents.list({"limit": 1}).data[0]
    stripe.sim("dispute", payment_intent=intent.id)
    balance.read_balance()
    assert [line[3] for line in lines()] == ["test:1", "test:1"]
    keeping.drain()
    subjects = db.session.scalars(sa.select(Posting.subject).order_by(Posting.kind))
    assert list(subjects) == ["test:1", "test:1"]


def test_a_payout_is_kept_by_its_news_too(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    payout_id = stripe.sim("payout")["id"]
    catch_up()
    keeping.drain()
    (payout,) = db.session.scalars(sa.select(Payout))
    assert (payout.id, payout.yen, payout.status, balance.carried(payout)) == (payout_id, 964, "paid", 964)


def test_a_payout_that_failed_stays_failed_whichever_look_comes_later(app: Flask, stripe: LocalStripe) -> None:
    paid(stripe)
    payout_id = str(stripe.sim("payout")["id"])
    from_before = next(iter(_transfers(stripe)))
    stripe.sim("fail_payout", payout=payout_id)
    balance.read_payouts()
    balance.keep_payout(from_before)
    db.session.rollback()
    payout = db.session.scalars(sa.select(Payout)).one()
    assert (payout.status, payout.failure) == ("failed", "account_closed")


def _transfers(stripe: LocalStripe) -> list[Transfer]:
    """As a slow reader has them in hand."""
    found = stripe.client().payouts.list({"limit": 1}).data[0]
    return [Transfer(found.id, found.amount, found.status, found.created, found.arrival_date)]


def test_a_payout_made_by_hand_of_which_nobody_is_told_what_it_carried_stops_nothing(
    app: Flask, stripe: LocalStripe
) -> None:
    payment_id = paid(stripe)
    stripe.sim("payout", automatic=False)
    stripe.sim("dispute", payment_intent=seen(payment_id).payment_intent_id)
    reconcile()
    keeping.drain()
    assert db.session.scalars(sa.select(Payout.yen)).all() == [964]
    kept = db.session.execute(sa.select(BalanceLine.kind, BalanceLine.payout_id).order_by(BalanceLine.kind))
    assert kept.all() == [("adjustment", None), ("charge", None), ("payout", None)]
    assert seen(payment_id).dispute == "needs_response"
    assert read_of_payouts() == 1


@pytest.mark.parametrize("automatic", [True, False])
def test_one_whose_lines_do_not_make_its_sum_is_written_down_once(
    app: Flask, stripe: LocalStripe, automatic: bool
) -> None:
    """It is read again every ten minutes for a fortnight."""
    paid(stripe)
    payout_id = str(stripe.sim("payout", short=100, automatic=automatic)["id"])
    for _ in range(3):
        balance.read_payouts()
    assert read_of_payouts() == 1
    stripe.sim("fail_payout", payout=payout_id)
    for _ in range(3):
        balance.read_payouts()
    assert read_of_payouts() == 2


def read_of_payouts() -> int:
    """How often the journal says that one was read."""
    rows = sa.select(sa.func.count()).select_from(Entry).where(Entry.event == "payout.read")
    return db.session.scalar(rows) or 0


def test_four_readers_keep_everything_once(app: Flask, stripe: LocalStripe) -> None:
    for n in range(3):
        paid(stripe, f"many:{n}")
    stripe.sim("payout")
    outcomes = at_once(app, 4, lambda _: (balance.read_balance(), balance.read_payouts()))
    assert outcomes == [(4, 1)] * 4
    assert len(lines()) == 4


def test_a_wish_that_is_pressed_twice_is_one(app: Flask, stripe: LocalStripe) -> None:
    payment_id, url = opened()
    stripe.pay(url)
    for _ in range(2):
        ask_to_reconcile("ACC-TEST")
    keeping.drain()
    assert seen(payment_id).balance_txn_id is not None
    assert asking.payments_of("test:1")[1] is not None


def test_the_moment_of_a_line_is_stripes_not_that_of_our_hearing(app: Flask, stripe: LocalStripe) -> None:
    before = now() - timedelta(days=3)
    stripe.sim("clock", at=int(before.timestamp()))
    with pretending(before):
        payment_id = paid(stripe)
    keeping.drain()
    booked_at = seen(payment_id).booked_at
    assert booked_at is not None
    assert abs(booked_at - before) < timedelta(minutes=1)
    assert db.session.scalar(sa.select(Posting.at)) == booked_at


@pytest.mark.parametrize("yen", [0, 964])
def test_a_payout_is_confirmed_by_somebody_on_a_day(app: Flask, stripe: LocalStripe, yen: int) -> None:
    paid(stripe)
    payout_id = str(stripe.sim("payout")["id"])
    balance.read_payouts()
    treasury = given.staff("treasury")
    balance.confirm(payout_id, treasury, yen, jst(now()).date(), "  通帳 3ページ ")
    db.session.rollback()
    payout = db.session.scalars(sa.select(Payout)).one()
    assert (payout.bank_yen, payout.confirmed_by, payout.bank_note) == (yen, treasury, "通帳 3ページ")
