from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from marketplace.kit.clock import pretending
from marketplace.reports.periods import Period, asked, month, usual, year

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
REACH = "2000年から2199年までの日を選んでください。"


def test_both_days_are_of_it_in_japan() -> None:
    moments = [datetime(2026, 10, 31, 14, 59, tzinfo=UTC), datetime(2026, 10, 31, 15, 0, tzinfo=UTC)]
    ends = [datetime(2026, 11, 30, 14, 59, tzinfo=UTC), datetime(2026, 11, 30, 15, 0, tzinfo=UTC)]
    assert [NOVEMBER.holds(moment) for moment in (*moments, *ends)] == [False, True, True, False]


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2026, 11, 30)])
def test_a_month_and_a_year(day: date) -> None:
    assert (month(day), year(2026)) == (NOVEMBER, Period(date(2026, 4, 1), date(2027, 3, 31)))


def test_the_usual_ones_in_january_reach_into_last_year() -> None:
    with pretending(datetime(2027, 1, 10, tzinfo=UTC)):
        assert dict(usual()) == {
            "今月": Period(date(2027, 1, 1), date(2027, 1, 31)),
            "先月": Period(date(2026, 12, 1), date(2026, 12, 31)),
            "今年度": year(2026),
            "前年度": year(2025),
        }


def test_it_is_told_by_the_era() -> None:
    assert NOVEMBER.ja == "令和8年11月1日 から 令和8年11月30日 まで"


@pytest.mark.parametrize(
    ("first", "last", "errors"),
    [
        ("2026-11-30", "2026-11-01", {"last": ["おわりの日は、はじめの日以後にしてください。"]}),
        ("2010-01-01", "2026-11-01", {"last": ["10年までの期間を選んでください。"]}),
        ("", "2026-11-01", {"first": ["はじめの日を選んでください。"]}),
        ("0001-01-01", "0001-01-02", {"first": [REACH], "last": [REACH]}),
        ("9999-12-01", "9999-12-31", {"first": [REACH], "last": [REACH]}),
    ],
)
def test_days_that_make_no_period(app: Flask, first: str, last: str, errors: dict[str, list[str]]) -> None:
    with app.test_request_context():
        form, period = asked(MultiDict({"first": first, "last": last}), NOVEMBER)
        assert (period, form.errors) == (None, errors)


def test_what_is_no_day_is_told_in_japanese(app: Flask) -> None:
    with app.test_request_context():
        form, period = asked(MultiDict({"first": "きのう", "last": "2026-11-01"}), NOVEMBER)
        assert (period, list(form.errors)) == (None, ["first"])
        assert asked(MultiDict(), NOVEMBER)[1] == NOVEMBER
