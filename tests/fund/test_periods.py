"""月次・年度の締め: by two persons, in order; what comes later goes into the open period and says so."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.second_person import NoReason, SamePerson
from marketplace.fund import periods
from marketplace.fund.models import Account, Period, PeriodState, Posting
from marketplace.fund.posting import post
from marketplace.fund.statements import totals
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import WrongState
from tests import given
from tests.racing import at_once

CHARGE = [(Account.STRIPE, 1_000), (Account.COLLECTED, -1_000)]
NOVEMBER = datetime(2026, 11, 10, 12, tzinfo=JST)
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=JST)


def charge(key: str, at: datetime, year: int | None = None) -> None:
    assert post(key, "charge", CHARGE, at=at, year=year)


def close(name: str) -> None:
    periods.ask_to_close(name, given.staff("treasury"), "照合ずみ")
    periods.close(name, given.staff("approver"))


def booked(key: str) -> tuple[str, int, str]:
    db.session.rollback()
    posting = db.session.scalars(sa.select(Posting).where(Posting.key == key)).one()
    return posting.month, posting.fiscal_year, posting.memo


def test_what_comes_after_the_close_is_booked_in_the_open_month_with_a_memo(app: Flask) -> None:
    charge("txn_1", NOVEMBER)
    with pretending(DECEMBER):
        close("2026-11")
        charge("txn_2", NOVEMBER)
    assert booked("txn_1") == ("2026-11", 2026, "")
    assert booked("txn_2") == ("2026-12", 2026, "11月10日(火)の分。2026年11月は締めた後のため。")
    assert totals("2026-11")["stripe"] == {"before": 0, "debit": 1_000, "credit": 0, "after": 1_000}
    assert totals("2026-12")["stripe"] == {"before": 1_000, "debit": 1_000, "credit": 0, "after": 2_000}


def test_the_close_keeps_what_stood_on_every_account(app: Flask) -> None:
    charge("txn_1", NOVEMBER)
    with pretending(DECEMBER):
        close("2026-11")
        period = periods.by_name()["2026-11"]
        assert (period.state, period.totals["collected"]["after"]) == (PeriodState.CLOSED, -1_000)


def test_nobody_closes_alone(app: Flask) -> None:
    charge("txn_1", NOVEMBER)
    clerk = given.staff("treasury", "approver")
    with pretending(DECEMBER):
        periods.ask_to_close("2026-11", clerk, "照合ずみ")
        with pytest.raises(SamePerson):
            periods.close("2026-11", clerk)
        with pytest.raises(IntegrityError, match="two_persons"), transaction() as session:
            session.execute(sa.update(Period).values(decided_by=clerk))
        assert not periods.by_name()["2026-11"].is_closed


def test_a_month_that_runs_is_not_closed(app: Flask) -> None:
    charge("txn_1", NOVEMBER)
    with pretending(NOVEMBER), pytest.raises(periods.NotOver):
        periods.ask_to_close("2026-11", given.staff("treasury"), "照合ずみ")


def test_months_are_closed_in_their_order_and_opened_backwards(app: Flask) -> None:
    charge("txn_1", NOVEMBER - timedelta(days=31))
    treasury, approver = given.staff("treasury"), given.staff("approver")
    with pretending(DECEMBER):
        with pytest.raises(periods.EarlierFirst):
            periods.ask_to_close("2026-11", treasury, "照合ずみ")
        close("2026-10")
        close("2026-11")
        with pytest.raises(periods.LaterFirst):
            periods.ask_to_reopen("2026-10", treasury, "返金のつけ忘れ")
        with pytest.raises(NoReason):
            periods.ask_to_reopen("2026-11", treasury, " ")
        periods.ask_to_reopen("2026-11", treasury, "返金のつけ忘れ")
        with pytest.raises(SamePerson):
            periods.reopen("2026-11", treasury)
        charge("txn_2", NOVEMBER)  # asked for is not opened
        periods.reopen("2026-11", approver)
        charge("txn_3", NOVEMBER)
    assert (booked("txn_2")[0], booked("txn_3")[0]) == ("2026-12", "2026-11")


def test_a_close_that_is_not_wanted_is_taken_back(app: Flask) -> None:
    charge("txn_1", NOVEMBER)
    treasury = given.staff("treasury")
    with pretending(DECEMBER):
        periods.ask_to_close("2026-11", treasury, "照合ずみ")
        with pytest.raises(WrongState):
            periods.ask_to_close("2026-11", treasury, "もう一度")
        periods.leave("2026-11", treasury)
        with pytest.raises(WrongState):
            periods.close("2026-11", given.staff("approver"))


def test_who_decides_on_sums_that_have_changed_meanwhile_reads_them_first(app: Flask) -> None:
    charge("txn_1", NOVEMBER)
    treasury, approver = given.staff("treasury"), given.staff("approver")
    with pretending(DECEMBER):
        periods.ask_to_close("2026-11", treasury, "照合ずみ")
        read = periods.seen(periods.by_name()["2026-11"])
        charge("txn_2", NOVEMBER)
        with pytest.raises(periods.ChangedMeanwhile):
            periods.close("2026-11", approver, read=read)
        assert not periods.by_name()["2026-11"].is_closed
        periods.close("2026-11", approver, read=periods.seen(periods.by_name()["2026-11"]))
        assert periods.by_name()["2026-11"].totals["stripe"]["after"] == 2_000


def test_a_month_with_differences_is_not_closed(app: Flask) -> None:
    charge("txn_1", NOVEMBER)
    with pretending(DECEMBER), pytest.raises(periods.Unexplained):
        periods.ask_to_close("2026-11", given.staff("treasury"), "照合ずみ", differences=1)


@pytest.mark.parametrize("name", ["2026-13", "2025-01", "FY1999", "x"])
def test_there_is_no_such_period(app: Flask, name: str) -> None:
    charge("txn_1", NOVEMBER)
    with pretending(DECEMBER), pytest.raises(periods.NoSuchPeriod):
        periods.ask_to_close(name, given.staff("treasury"), "照合ずみ")


def test_a_year_is_closed_after_may_and_after_its_months(app: Flask) -> None:
    charge("txn_1", datetime(2027, 3, 31, 12, tzinfo=JST))
    charge("txn_2", datetime(2027, 4, 5, 12, tzinfo=JST), year=2026)
    with pretending(datetime(2027, 5, 31, 23, tzinfo=JST)), pytest.raises(periods.NotOver):
        periods.ask_to_close("FY2026", given.staff("treasury"), "決算")
    with pretending(datetime(2027, 6, 1, 9, tzinfo=JST)):
        for month in ("2027-03", "2027-04", "2027-05"):
            with pytest.raises(periods.EarlierFirst):
                periods.ask_to_close("FY2026", given.staff("treasury"), "決算")
            close(month)
        close("FY2026")
        assert totals("FY2026")["collected"]["after"] == -2_000
        charge("txn_3", datetime(2027, 4, 6, 12, tzinfo=JST), year=2026)
        with pytest.raises(periods.LaterFirst):
            periods.ask_to_reopen("2027-03", given.staff("treasury"), "つけ忘れ")
    assert booked("txn_3")[:2] == ("2027-06", 2027)
    assert "2026年度は締めた後のため。" in booked("txn_3")[2]


def test_a_posting_and_the_close_at_once_leave_nothing_in_a_closed_month_that_its_totals_do_not_know(
    app: Flask,
) -> None:
    charge("txn_0", NOVEMBER)
    with pretending(DECEMBER):
        periods.ask_to_close("2026-11", given.staff("treasury"), "照合ずみ")
        approver = given.staff("approver")

        def act(n: int) -> None:
            if n == 3:
                periods.close("2026-11", approver)
            else:
                charge(f"txn_{n + 1}", NOVEMBER)

        assert at_once(app, 6, act) == [None] * 6
        kept = periods.by_name()["2026-11"].totals["stripe"]["after"]
        assert totals("2026-11")["stripe"]["after"] == kept
        assert totals("2026-12")["stripe"]["after"] == 6_000
