"""What the demo town collected in a fiscal year is revenue of that year, as the law has it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask

from marketplace.demo import treasury
from marketplace.fund.models import Account
from marketplace.fund.posting import post
from marketplace.fund.statements import balanced, of_year
from marketplace.kit.clock import JST, pretending
from tests import given

NOVEMBER = datetime(2026, 11, 29, 12, tzinfo=JST)


def collected(yen: int, at: datetime) -> None:
    lines = [(Account.STRIPE, yen * 96 // 100), (Account.FEES, yen * 4 // 100), (Account.COLLECTED, -yen)]
    assert post(f"txn:{at}", "charge", lines, at=at)


def test_each_fiscal_year_has_its_own_revenue(app: Flask) -> None:
    office = {role: given.staff(role) for role in ("treasury", "approver")}
    with pretending(NOVEMBER):
        collected(1_000_000, NOVEMBER - timedelta(days=500))  # July 2025
        collected(500_000, NOVEMBER - timedelta(days=10))
        treasury.keep_the_fund(office)
        found = {year: of_year(year) for year in (2025, 2026)}
        assert balanced()
    assert {year: (of["recognised_yen"], of["set_aside_yen"], of["paid_in_yen"]) for year, of in found.items()} == {
        2025: (864_000, 768_000, 576_000),
        2026: (432_000, 384_000, 288_000),
    }
    assert (found[2025]["spent_yen"], found[2026]["spent_yen"] > 0) == (0, True)


def test_where_little_was_sold_nothing_is_decided(app: Flask) -> None:
    with pretending(NOVEMBER):
        collected(50_000, NOVEMBER)
        treasury.keep_the_fund({})
        assert of_year(2026)["recognised_yen"] == 0
