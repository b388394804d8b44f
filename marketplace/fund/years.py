"""Months and fiscal years of the town's book. Pure; days are those of the calendar in Japan.

A fiscal year runs from 1 April to 31 March (地方自治法 208条); its books stay open until 31 May for what belongs to it
(出納閉鎖, 235条の5).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from marketplace.kit.clock import JST, jst, midnight
from marketplace.kit.dates import fiscal_year


def month_of(at: datetime | date) -> str:
    """'2026-11'."""
    return f"{_day(at):%Y-%m}"


def books_close(year: int) -> date:
    """The last day on which something can be booked for the fiscal year."""
    return date(year + 1, 5, 31)


def bookable(on: date) -> list[int]:
    """The fiscal years for which something of that day can be booked: its own, and in April and May the one before."""
    year = fiscal_year(on)
    return [year, year - 1] if on <= books_close(year - 1) else [year]


def year_of_income(assessed: datetime | None, collected: datetime) -> int:
    """The fiscal year of an income (地方自治法施行令 142条).

    Where the payer was told a sum to pay (調定・納入の通知), the year of that day, as long as its books are open; else,
    and where nobody was told, the year of the day on which it was collected. When Stripe pays out has no say in it.
    """
    if assessed is not None and _day(collected) <= books_close(fiscal_year(assessed)):
        return fiscal_year(assessed)
    return fiscal_year(collected)


def year_of_return(income: int, returned: datetime) -> int:
    """What goes back lessens the year of its income while that one's books are open (戻出, 施行令 165条の7), else it is
    of the year in which it goes back (165条の8)."""
    return income if _day(returned) <= books_close(income) else fiscal_year(returned)


def months_of(year: int) -> list[str]:
    """The months in which something can be booked for the year: April to the May after it."""
    first = year * 12 + 3
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(first, first + 14)]


def year_of_month(month: str) -> int:
    return int(month[:4]) - (int(month[5:]) < 4)


def next_month(month: str) -> str:
    n = _number(month) + 1
    return f"{n // 12}-{n % 12 + 1:02d}"


def month_ends(month: str) -> datetime:
    """The first moment after the month, in Japan."""
    after = next_month(month)
    return datetime(int(after[:4]), int(after[5:]), 1, tzinfo=JST)


def month_ja(month: str) -> str:
    """'2026年11月'."""
    return f"{month[:4]}年{int(month[5:])}月"


def midday(day: date) -> datetime:
    """A moment of the day, for what has a day only."""
    return midnight(day) + timedelta(hours=12)


def _day(at: datetime | date) -> date:
    return jst(at).date() if isinstance(at, datetime) else at


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1
