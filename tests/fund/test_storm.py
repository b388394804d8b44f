"""Three hundred purchases in bad weather: at the end our book, Stripe's and the payouts say the same, to the yen.

Webhooks are real HTTP: two in five are lost, half of the others come twice, and they overtake each other. Then come
refunds (some that the card does not take), disputes won and lost, a payout that the bank does not take.
"""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund import differences
from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.fund.statements import balanced, balances, totals
from marketplace.fund.years import month_of
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.outbox import keeping
from marketplace.payments import asking, balance
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.reconciling import reconcile
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.stripe_models import BalanceLine, Dispute
from marketplace.settings import Settings
from tests import given
from tests.local_stripe import LocalStripe
from tests.payments.till import ask, promised
from tests.racing import at_once

BUYERS, HANDS = 300, 6
WEATHER = {"drop": 0.4, "duplicate": 0.5, "delay": 0.3, "reorder": True, "seed": 11}
GOOD, DISPUTED, REFUSING = "pm_card_visa", "pm_card_createDispute", "pm_card_refundFail"


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


def card_of(n: int) -> str:
    return DISPUTED if n % 37 == 5 else REFUSING if n % 41 == 7 else GOOD


def buy(stripe: LocalStripe, n: int) -> None:
    url = asking.checkout_url(ask(f"order:ORD-{n}", 1_000 + n))
    assert stripe.pay(url, card_of(n)).status == 303
    if n % 50 == 0:
        assert stripe.pay(url, GOOD).status in (303, 410)  # pressed twice


def buy_all(stripe: LocalStripe, numbers: range) -> None:
    for n in numbers:
        buy(stripe, n)


class Worker(threading.Thread):
    """What the worker process does."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._app, self._over = app, threading.Event()

    def run(self) -> None:
        with self._app.app_context():
            while not self._over.wait(0.05):
                keeping.drain()
            db.session.remove()

    def stop(self) -> None:
        self._over.set()
        self.join()


def heard() -> None:
    reconcile()
    keeping.drain()
    db.session.rollback()


def paid(n: int) -> Payment:
    return db.session.scalars(sa.select(Payment).where(Payment.subject == f"order:ORD-{n}")).one()


def test_every_book_says_the_same_to_the_yen(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", **WEATHER)
    worker = Worker(app)
    worker.start()
    try:
        outcomes = at_once(app, HANDS, lambda hand: buy_all(stripe, range(hand, BUYERS, HANDS)))
    finally:
        worker.stop()
    assert [each for each in outcomes if isinstance(each, Exception)] == []
    heard()
    assert set(db.session.scalars(sa.select(Payment.state))) == {PaymentState.SUCCEEDED}
    first = str(stripe.sim("payout")["id"])

    dice = random.Random(3)
    chosen = dice.sample(range(BUYERS), 45)
    for n in chosen:
        payment = paid(n)
        promised(payment.id, payment.yen if n % 2 else 300, key=f"back:{n}")
    stripe.sim("fail_payout", payout=first)
    heard()
    for dispute in list(db.session.scalars(sa.select(Dispute).order_by(Dispute.id)))[::2]:
        stripe.sim("close_dispute", dispute=dispute.id, won=dispute.payment.yen % 2 == 0)
    second = str(stripe.sim("payout")["id"])
    heard()

    agree_with_stripe(stripe)
    agree_with_the_orders(chosen)
    assert {each.kind for each in differences.open_differences()} == {"payout_failed", "refund_failed"}
    treasury = given.staff("treasury")
    payouts = {one.id: one.amount for one in stripe.client().payouts.list({"limit": 100}).data}
    balance.confirm(second, treasury, payouts[second], jst(now()).date())
    assert balances()["bank"] == payouts[second]
    assert balances()["stripe"] == 0
    assert keeping.late() == []


def agree_with_stripe(stripe: LocalStripe) -> None:
    """Line by line: the same transactions, each with the same sum and fee, each booked once."""
    lines = list(stripe.client().balance_transactions.list({"limit": 100}).auto_paging_iter())
    told = {line.id: (line.amount, line.fee, line.type) for line in lines}
    kept = {row.id: (row.gross_yen, row.fee_yen, row.kind) for row in db.session.scalars(sa.select(BalanceLine))}
    assert kept == told
    on_stripe = sa.func.sum(sa.case((PostingLine.account == Account.STRIPE, PostingLine.yen), else_=0))
    rows = db.session.execute(sa.select(Posting.key, on_stripe).join(PostingLine).group_by(Posting.key)).all()
    assert {key: int(yen) for key, yen in rows} == {key: gross - fee for key, (gross, fee, _kind) in told.items()}
    assert (balances()["stripe"], balanced()) == (sum(line.net for line in lines), True)
    assert sum(balances().values()) == 0
    month = totals(month_of(now()))
    assert {account: each["after"] for account, each in month.items()} == balances()
    gross = Counter(dict.fromkeys(("charge", "adjustment"), 0))
    for amount, _fee, kind in told.values():
        gross[kind] += amount
    assert balances()["collected"] == -gross["charge"]
    assert balances()["fees"] == sum(fee for _amount, fee, _kind in told.values())
    assert balances()["disputes"] == -gross["adjustment"]
    assert balances()["other"] == 0


def agree_with_the_orders(chosen: list[int]) -> None:
    """What every payer paid and got back is what the book has of them."""
    assert db.session.scalar(sa.select(sa.func.sum(Payment.yen))) == -balances()["collected"]
    refunds = list(db.session.scalars(sa.select(Refund)))
    assert len(refunds) == len(chosen)
    done = sum(each.yen for each in refunds if each.state == RefundState.SUCCEEDED)
    assert balances()["refunds"] == done
    failed, by_dispute = (
        {each.payment.subject for each in refunds if each.state == state}
        for state in (RefundState.FAILED, RefundState.BY_DISPUTE)
    )
    assert failed | by_dispute == {f"order:ORD-{n}" for n in chosen if card_of(n) != GOOD}
    lost = sa.select(Payment.subject).join(Dispute).where(Dispute.status == "lost")
    assert by_dispute == {f"order:ORD-{n}" for n in chosen} & set(db.session.scalars(lost))
    assert failed
    by_subject = (
        sa.select(Posting.subject, sa.func.sum(PostingLine.yen))
        .join(PostingLine)
        .where(PostingLine.account == Account.COLLECTED)
        .group_by(Posting.subject)
    )
    booked = {subject: -int(yen) for subject, yen in db.session.execute(by_subject)}
    assert booked == {f"order:ORD-{n}": 1_000 + n for n in range(BUYERS)}
