"""Two payers side by side: what the book and the desk say of one is not made of the other's money."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from marketplace.fund import deciding, deposits, undoing
from marketplace.fund.assessing import assess, drop, year_of, year_of_refund
from marketplace.fund.differences import explain, open_differences
from marketplace.fund.models import Account, DecisionKind
from marketplace.fund.posting import post, step
from marketplace.fund.rules import stripe_lines
from marketplace.fund.statements import balances, of_year
from marketplace.kit.clock import JST, jst, now
from marketplace.kit.db import db, get, transaction
from marketplace.outbox import keeping
from marketplace.payments import holding
from marketplace.payments.balance import read_balance
from marketplace.payments.models import Payment
from marketplace.payments.reconciling import reconcile
from marketplace.settings import Settings
from tests import given
from tests.local_stripe import LocalStripe
from tests.payments.till import held

MARCH, APRIL = datetime(2027, 3, 30, 12, tzinfo=JST), datetime(2027, 4, 5, 12, tzinfo=JST)
HANA, KEN, TARO, YURI = (f"order:ORD-{name}" for name in ("HANA", "KEN", "TARO", "YURI"))


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def test_each_is_told_to_pay_and_is_given_back_in_the_own_year(app: Flask) -> None:
    with transaction():
        for subject, yen in ((HANA, 10_000), (KEN, 20_000), (TARO, 30_000)):
            assess(subject, yen, MARCH)
        assess(YURI, 7_000, APRIL)
        drop(KEN, "期限切れ")
    assert [of_year(year)["uncollected_yen"] for year in (2026, 2027)] == [40_000, 7_000]
    post("txn_hana", "charge", stripe_lines("charge", 10_000, 0), at=MARCH, subject=HANA)
    with transaction():
        assert (year_of(HANA, MARCH), year_of("order:ORD-ASKS-NOTHING", APRIL)) == (2026, 2027)
    assert [of_year(year)["uncollected_yen"] for year in (2026, 2027)] == [30_000, 7_000]
    post("txn_bid", "charge", stripe_lines("charge", 5_000, 0, "deposit"), at=MARCH, subject="participation:1")
    forfeited = [(Account.DEPOSITS, 5_000), (Account.COLLECTED, -5_000)]
    post("forfeit:1", "forfeit", forfeited, at=APRIL, subject="participation:1")
    post("txn_ken", "charge", stripe_lines("charge", 20_000, 0), at=APRIL, subject=KEN)
    assert [year_of_refund(each, APRIL) for each in (HANA, KEN, "participation:1")] == [2026, 2027, 2027]


def test_each_decision_has_its_own_question_and_undoing(app: Flask) -> None:
    post("txn_1", "charge", stripe_lines("charge", 1_000, 0), at=now() - timedelta(hours=1), subject=HANA)
    clerk, other, today = given.staff("treasury"), given.staff("approver"), jst(now()).date()

    def asked(kind: DecisionKind, yen: int) -> int:
        purpose = "通院バス" if kind == DecisionKind.PLAN else ""
        return deciding.ask(kind, clerk, yen, today, "第1号", purpose)

    recognised, planned = asked(DecisionKind.RECOGNISE, 900), asked(DecisionKind.PLAN, 600)
    assert (asked(DecisionKind.RECOGNISE, 900), asked(DecisionKind.PLAN, 600)) == (recognised, planned)
    for each in (recognised, planned):
        deciding.approve(each, other)
    again = asked(DecisionKind.RECOGNISE, 50)
    deciding.withdraw(again, other)
    again = asked(DecisionKind.RECOGNISE, 50)
    assert asked(DecisionKind.RECOGNISE, 50) == again  # and not the one that was withdrawn
    assert [row.id for row in deciding.approved()] == [planned, recognised]
    assert [row.id for row in deciding.approved(DecisionKind.PLAN)] == [planned]
    assert [row.id for row in deciding.waiting()] == [again]
    deciding.withdraw(undoing.ask(planned, clerk, "更正 第1号"), other)
    undone = [undoing.ask(each, clerk, "更正 第2号") for each in (recognised, planned)]
    assert [undoing.ask(each, clerk, "更正 第3号") for each in (recognised, planned)] == undone


def hear() -> None:
    read_balance()
    keeping.drain()


def test_what_a_bank_gives_back_of_one_deposit_is_not_the_others(app: Flask, stripe: LocalStripe) -> None:
    in_custody, applied = (held(stripe, f"participation:{n}", 10_000) for n in (1, 2))
    with transaction():
        for each in (in_custody, applied):
            holding.promise_capture(each, 10_000, "落札の代金が支払われなかったため", "default")
    keeping.drain()
    deposits.apply(applied, 10_000, "代金への充当")
    intents = [get(Payment, each).payment_intent_id for each in (in_custody, applied)]
    _lost, won = [str(stripe.sim("dispute", payment_intent=each)["id"]) for each in intents]
    hear()
    stripe.sim("close_dispute", dispute=won, won=True)
    hear()
    assert (balances()["disputes"], balances()["collected"], balances()["deposits"]) == (0, -10_000, 0)


def test_what_stands_beside_a_difference_is_none(app: Flask, stripe: LocalStripe) -> None:
    """A part of a hold that was taken, and a step of the book that no card paid."""
    taken = held(stripe, "participation:1", 10_000)
    with transaction():
        holding.promise_capture(taken, 4_000, "落札の代金が支払われなかったため", "default")
    keeping.drain()
    deposits.apply(taken, 4_000, "代金への充当")
    step("recognise", 3_000, decision="調定第1号", by="staff:ACC-1", at=now() - timedelta(days=1))
    for key, yen in (("txn_1", 5), ("txn_2", 7)):
        post(key, "charge", [(Account.STRIPE, yen), (Account.COLLECTED, -yen)], at=now() - timedelta(days=1))
    reconcile()
    keeping.drain()
    clerk, found = given.staff("treasury"), open_differences()
    assert sorted((each.kind, each.yen) for each in found) == [("not_at_stripe", -7), ("not_at_stripe", -5)]
    for each in found:
        explain(each.key, clerk, f"{-each.yen}円の試し")
    explain(found[0].key, clerk, "もう一度")
    db.session.rollback()
    assert open_differences() == []
