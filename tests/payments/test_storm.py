"""Many buyers, broken deliveries: at the end every yen and every fact is there exactly once."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.statements import balanced, balances
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.kit.refusals import Unavailable
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.expiring import expire
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.reconciling import reconcile
from tests.local_stripe import LocalStripe
from tests.payments.till import ask, facts, promised
from tests.racing import at_once

BUYERS = 36
WAYS = ("card", "card", "card", "bad card", "double", "store", "store never", "leave", "card")


@pytest.mark.parametrize(
    "weather",
    [
        {"drop": 0.4},
        {"duplicate": 0.6, "delay": 0.5},
        {"drop": 0.3, "duplicate": 0.4, "delay": 0.5, "reorder": True},
    ],
    ids=["lost", "twice", "all at once"],
)
def test_every_yen_is_accounted_for(
    app: Flask, stripe: LocalStripe, live_server: str, weather: dict[str, float]
) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", seed=7, **weather)
    worker = Worker(app)
    worker.start()
    try:
        outcomes = at_once(app, 6, lambda group: buy_all(stripe, range(group, BUYERS, 6)))
    finally:
        worker.stop()
    assert [each for each in outcomes if isinstance(each, Exception)] == []

    settle(stripe)

    intents = stripe.client().payment_intents.list({"limit": 100}).data
    at_stripe = sorted(intent.metadata["reference"] for intent in intents if intent.status == "succeeded")
    ours = {one.idempotency_key: one for one in db.session.scalars(sa.select(Payment))}
    assert sorted(key for key, one in ours.items() if one.state == PaymentState.SUCCEEDED) == at_stripe
    expected = [n for n in range(BUYERS) if WAYS[n % len(WAYS)] in ("card", "double", "store")]
    assert len(at_stripe) == len(expected)
    assert {one.state for one in ours.values()} == {
        PaymentState.SUCCEEDED,
        PaymentState.EXPIRED,
        PaymentState.FAILED,
    }
    assert set(facts("payment.succeeded").values()) == {len(expected)}

    net = sum(line.net for line in stripe.client().balance_transactions.list({"limit": 100}).auto_paging_iter())
    assert (balances()["stripe"], balanced()) == (net, True)
    assert balances()["refunds"] == 300 * sum(n % 4 == 0 for n in expected)
    assert keeping.late() == []


class Worker:
    """What the worker process does, in a thread of the test."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with self._app.app_context():
            while not self._stop.wait(0.02):
                keeping.drain()
            db.session.remove()


def buy_all(stripe: LocalStripe, numbers: range) -> None:
    for n in numbers:
        buy(stripe, n)


def buy(stripe: LocalStripe, n: int) -> None:
    way, dice = WAYS[n % len(WAYS)], random.Random(n)
    payment_id = ask(f"test:{n}", 1000 + n, allow_konbini=True)
    url = asking.checkout_url(payment_id)
    if way == "leave":
        return
    if way.startswith("store"):
        slip = stripe.visit(url, do="konbini").location
        if way == "store":
            stripe.visit(slip, do="paid")
    elif way == "bad card":
        stripe.pay(url, "pm_card_chargeDeclined")
    else:
        for _ in range(2 if way == "double" else 1):
            assert stripe.pay(url).status == 303
    if dice.random() < 0.3:  # some come back to the shop's own page before any webhook does
        try:
            expire(payment_id)
        except Unavailable:
            return


def settle(stripe: LocalStripe) -> None:
    """Days pass: what was lost is asked for, some get a part of their money back, slips and pages run out."""
    for _ in range(2):
        reconcile()
        keeping.drain()
    paid = sa.select(Payment.id, Payment.subject).where(Payment.state == PaymentState.SUCCEEDED)
    for payment_id, subject in list(db.session.execute(paid)):
        if int(subject.removeprefix("test:")) % 4 == 0:
            promised(payment_id, 300, key=subject)
    keeping.drain()
    stripe.sim("faults", delay=0)
    stripe.sim("advance", seconds=4 * 24 * 60 * 60)
    with pretending(now() + timedelta(days=4)):
        reconcile()
        keeping.drain()
    db.session.rollback()
