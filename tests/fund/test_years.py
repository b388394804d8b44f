"""To which month and which fiscal year money belongs, by the calendar in Japan."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.fund.years import (
    bookable,
    books_close,
    month_ends,
    month_of,
    months_of,
    next_month,
    year_of_income,
    year_of_month,
    year_of_return,
)
from marketplace.kit.clock import JST
from marketplace.kit.dates import fiscal_year


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=JST)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("assessed", "collected", "year"),
    [
        (None, at(2027, 3, 31), 2026),
        (None, at(2027, 4, 1), 2027),
        (at(2027, 3, 30), at(2027, 4, 5), 2026),
        (at(2027, 3, 30), at(2027, 5, 31, 23, 59), 2026),
        (at(2027, 3, 30), at(2027, 6, 1), 2027),
        (at(2027, 4, 1), at(2027, 4, 1), 2027),
    ],
)
def test_who_was_told_to_pay_in_march_pays_for_that_year_until_the_end_of_may(
    assessed: datetime | None, collected: datetime, year: int
) -> None:
    assert year_of_income(assessed, collected) == year


def test_what_goes_back_lessens_its_own_year_while_the_books_are_open() -> None:
    assert [year_of_return(2026, at(2027, 5, 31)), year_of_return(2026, at(2027, 6, 1))] == [2026, 2027]


@pytest.mark.parametrize(
    ("on", "years"),
    [
        (date(2027, 3, 31), [2026]),
        (date(2027, 4, 1), [2027, 2026]),
        (date(2027, 5, 31), [2027, 2026]),
        (date(2027, 6, 1), [2027]),
    ],
)
def test_in_april_and_may_something_can_be_booked_for_the_year_before(on: date, years: list[int]) -> None:
    assert bookable(on) == years


def test_a_year_is_booked_in_fourteen_months() -> None:
    months = months_of(2026)
    assert (months[0], months[11], months[-1], len(months)) == ("2026-04", "2027-03", "2027-05", 14)
    assert books_close(2026) == date(2027, 5, 31)


@given(st.integers(1_577_836_800, 2_840_140_800))
def test_months_follow_each_other_without_a_gap(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    month = month_of(moment)
    assert moment < month_ends(month)
    assert month_of(month_ends(month)) == next_month(month)
    assert year_of_month(month) == fiscal_year(moment)
