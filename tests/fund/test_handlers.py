"""What the fund books when it hears of money: each line of Stripe's balance once, whoever tells it first."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.models import Posting
from marketplace.fund.statements import balanced, balances
from marketplace.kit.db import db
from marketplace.outbox import keeping
from marketplace.payments.balance import read_balance
from marketplace.settings import Settings
from tests.local_stripe import LocalStripe
from tests.payments.till import paid, promised, seen


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def net(stripe: LocalStripe) -> int:
    return sum(line.net for line in stripe.client().balance_transactions.list({"limit": 100}).data)


def postings() -> list[tuple[str, str]]:
    db.session.rollback()
    return [(one.kind, one.subject) for one in db.session.scalars(sa.select(Posting).order_by(Posting.id))]


def test_a_payment_is_booked_gross_with_its_fee_apart(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe, yen=10_000)
    keeping.drain()
    assert postings() == [("charge", "test:1")]
    assert db.session.scalar(sa.select(Posting.key)) == seen(payment_id).balance_txn_id
    assert balances() | {"stripe": 9640, "fees": 360, "collected": -10_000} == balances()
    assert balances()["stripe"] == net(stripe)


def test_a_refund_is_booked_apart_and_the_fee_stays_paid(app: Flask, stripe: LocalStripe) -> None:
    promised(paid(stripe, yen=10_000), 10_000)
    keeping.drain()
    assert balances() | {"stripe": -360, "fees": 360, "collected": -10_000, "refunds": 10_000} == balances()
    assert balances()["stripe"] == net(stripe)


@pytest.mark.parametrize("first", ["payment", "balance"])
def test_whoever_tells_first_it_is_booked_once(app: Flask, stripe: LocalStripe, first: str) -> None:
    paid(stripe)
    tellers: dict[str, Callable[[], object]] = {"payment": keeping.drain, "balance": read_balance}
    tellers[first]()
    read_balance()
    keeping.drain()
    assert [kind for kind, _ in postings()] == ["charge"]


@pytest.mark.parametrize("won", [True, False])
def test_disputes_and_payouts_reach_the_book_by_the_balance(app: Flask, stripe: LocalStripe, won: bool) -> None:
    payment_id = paid(stripe, yen=10_000)
    dispute = stripe.sim("dispute", payment_intent=seen(payment_id).payment_intent_id)["id"]
    stripe.sim("close_dispute", dispute=dispute, won=won)
    stripe.sim("payout")
    read_balance()
    keeping.drain()
    assert balances()["disputes"] == (0 if won else 10_000)
    assert (balances()["stripe"], balanced()) == (0, True)
    assert balances()["bank"] == 9640 - 1500 - (0 if won else 10_000)


def test_a_refund_by_hand_in_stripes_dashboard_reaches_the_book_too(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe)
    stripe.client().refunds.create({"payment_intent": str(seen(payment_id).payment_intent_id), "amount": 250})
    read_balance()
    keeping.drain()
    assert (balances()["refunds"], balances()["stripe"]) == (250, net(stripe))


def test_a_refund_that_bounced_is_money_again(app: Flask, stripe: LocalStripe) -> None:
    promised(paid(stripe, card="pm_card_refundFail"))
    keeping.drain()
    read_balance()
    keeping.drain()
    assert (balances()["refunds"], balances()["stripe"]) == (0, net(stripe))
