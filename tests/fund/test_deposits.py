"""Deposits are no revenue: in custody while nothing is decided, then applied, forfeited or given back, once."""

from collections.abc import Callable

import pytest
from flask import Flask

from marketplace.fund import deposits
from marketplace.fund.handlers import on_balance
from marketplace.fund.posting import step
from marketplace.fund.rules import NotEnough, NotPositive
from marketplace.fund.statements import balanced, balances, summary
from marketplace.kit.clock import now
from marketplace.kit.db import get, transaction
from marketplace.outbox import keeping
from marketplace.outbox.promising import say
from marketplace.payments import holding
from marketplace.payments.balance import read_balance
from marketplace.payments.models import Payment
from marketplace.payments.refunding import promise_refund
from marketplace.settings import Settings
from tests.local_stripe import LocalStripe
from tests.payments.till import held
from tests.racing import at_once


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def captured(stripe: LocalStripe, subject: str = "participation:1", yen: int = 10_000) -> int:
    payment_id = held(stripe, subject, yen)
    with transaction():
        holding.promise_capture(payment_id, yen, "落札の代金が支払われなかったため", "default")
    return payment_id


def moved() -> dict[str, int]:
    return {account: yen for account, yen in balances().items() if yen}


def test_a_hold_is_no_money_and_only_counted(app: Flask, stripe: LocalStripe) -> None:
    held(stripe, "participation:1", 10_000)
    held(stripe, "participation:2", 20_000)
    keeping.drain()
    assert moved() == {}
    assert deposits.memorandum() == {"held_count": 2, "held_yen": 30_000}


def test_what_is_taken_is_in_custody_and_no_revenue(app: Flask, stripe: LocalStripe) -> None:
    captured(stripe)
    keeping.drain()
    assert moved() == {"stripe": 9_640, "fees": 360, "deposits": -10_000}
    assert {key: summary()[key] for key in ("collected_yen", "deposits_yen", "held_count")} == {
        "collected_yen": 0,
        "deposits_yen": 10_000,
        "held_count": 0,
    }
    with pytest.raises(NotEnough):
        step("recognise", 1, decision="調定第1号", by="staff:ACC-1")


@pytest.mark.parametrize("kind", [deposits.forfeit, deposits.apply])
def test_it_leaves_custody_once(app: Flask, stripe: LocalStripe, kind: Callable[[int, int, str], bool]) -> None:
    payment_id = captured(stripe)
    keeping.drain()
    outcomes = at_once(app, 4, lambda _: kind(payment_id, 10_000, "契約を結ばなかったため"))
    assert sorted(outcomes) == [False] * 3 + [True]
    assert moved() == {"stripe": 9_640, "fees": 360, "collected": -10_000}
    assert summary()["forfeited_yen"] == (10_000 if kind is deposits.forfeit else 0)
    assert balanced()


def test_what_was_forfeited_is_not_applied_besides(app: Flask, stripe: LocalStripe) -> None:
    payment_id = captured(stripe)
    captured(stripe, "participation:2")
    keeping.drain()
    deposits.forfeit(payment_id, 10_000, "契約を結ばなかったため")
    with pytest.raises(NotEnough):
        deposits.apply(payment_id, 1, "代金へ")
    assert deposits.in_custody() == deposits.in_custody("participation:2") == 10_000


@pytest.mark.parametrize("yen", [0, -1])
def test_nothing_can_not_be_forfeited(app: Flask, stripe: LocalStripe, yen: int) -> None:
    payment_id = captured(stripe)
    keeping.drain()
    with pytest.raises(NotPositive):
        deposits.forfeit(payment_id, yen, "")


def test_the_news_of_a_forfeiture_may_come_first(app: Flask, stripe: LocalStripe) -> None:
    payment_id = captured(stripe)
    holding.carry_out(payment_id)
    deposits.forfeit(payment_id, 10_000, "契約を結ばなかったため")
    keeping.drain()
    assert moved() == {"stripe": 9_640, "fees": 360, "collected": -10_000}


def test_offices_above_say_what_became_of_it(app: Flask, stripe: LocalStripe) -> None:
    payment_id = captured(stripe)
    for _ in range(2):
        with transaction():
            say(
                "deposit.forfeited", key="1", payment_id=payment_id, subject="participation:1", yen=10_000, why="不履行"
            )
        keeping.drain()
    assert moved() == {"stripe": 9_640, "fees": 360, "collected": -10_000}


@pytest.mark.parametrize("first", ["capture", "balance"])
def test_whoever_tells_first_it_is_in_custody_once(app: Flask, stripe: LocalStripe, first: str) -> None:
    payment_id = captured(stripe)
    holding.carry_out(payment_id)
    if first == "balance":
        read_balance()
    keeping.drain()
    read_balance()
    keeping.drain()
    assert moved() == {"stripe": 9_640, "fees": 360, "deposits": -10_000}


@pytest.mark.parametrize("first", ["refund", "balance"])
def test_what_goes_back_leaves_custody(app: Flask, stripe: LocalStripe, first: str) -> None:
    payment_id = captured(stripe)
    keeping.drain()
    with transaction():
        promise_refund(payment_id, 10_000, "誤って収納したため", "a mistake")
    keeping.drain()
    if first == "balance":
        read_balance()
    keeping.drain()
    assert moved() == {"stripe": -360, "fees": 360}
    assert deposits.in_custody("participation:1") == 0


def in_dispute(stripe: LocalStripe, payment_id: int) -> str:
    """Its payer's bank has taken the sum back, and the book has heard of it."""
    found: str = stripe.sim("dispute", payment_intent=get(Payment, payment_id).payment_intent_id)["id"]
    read_balance()
    keeping.drain()
    return found


def decided(stripe: LocalStripe, dispute: str, *, won: bool) -> None:
    stripe.sim("close_dispute", dispute=dispute, won=won)
    read_balance()
    keeping.drain()


@pytest.mark.parametrize("won", [True, False])
def test_what_a_bank_takes_back_is_in_custody_no_longer_and_again_where_the_town_wins(
    app: Flask, stripe: LocalStripe, won: bool
) -> None:
    payment_id = captured(stripe)
    keeping.drain()
    dispute = in_dispute(stripe, payment_id)
    assert moved() == {"stripe": 9_640 - 11_500, "fees": 1_860}
    with pytest.raises(NotEnough):
        deposits.forfeit(payment_id, 10_000, "契約しなかったため")
    decided(stripe, dispute, won=won)
    assert moved() == (
        {"stripe": 8_140, "fees": 1_860, "deposits": -10_000} if won else {"stripe": -1_860, "fees": 1_860}
    )
    assert deposits.in_custody("participation:1") == (10_000 if won else 0)


@pytest.mark.parametrize("won", [True, False])
def test_of_a_disputed_deposit_what_had_become_the_towns_is_the_towns_loss(
    app: Flask, stripe: LocalStripe, won: bool
) -> None:
    payment_id = captured(stripe)
    keeping.drain()
    deposits.apply(payment_id, 7_000, "代金への充当")
    dispute = in_dispute(stripe, payment_id)
    assert (moved()["disputes"], moved()["collected"], moved().get("deposits")) == (7_000, -7_000, None)
    decided(stripe, dispute, won=won)
    assert (moved().get("disputes"), moved().get("deposits")) == ((None, -3_000) if won else (7_000, None))
    assert balanced()


def test_a_dispute_that_is_told_several_times_at_once_is_booked_once(app: Flask, stripe: LocalStripe) -> None:
    payment_id = captured(stripe)
    keeping.drain()

    def hear(_number: int) -> None:
        on_balance("txn_dispute", "adjustment", -10_000, 1_500, int(now().timestamp()), payment_id=payment_id)

    assert at_once(app, 4, hear) == [None] * 4
    assert (moved(), deposits.in_custody("participation:1")) == ({"stripe": -1_860, "fees": 1_860}, 0)


@pytest.mark.parametrize("order", [(-10_000, 10_000), (10_000, -10_000)], ids=["in order", "the end first"])
def test_a_dispute_that_the_town_won_leaves_custody_as_it_was_in_whatever_order_it_is_told(
    app: Flask, stripe: LocalStripe, order: tuple[int, int]
) -> None:
    payment_id = captured(stripe)
    keeping.drain()
    before = moved()
    for gross in order:
        on_balance(f"txn_{gross}", "adjustment", gross, 0, int(now().timestamp()), payment_id=payment_id)
    assert moved() == before
