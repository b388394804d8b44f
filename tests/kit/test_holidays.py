from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.holidays import DAY, SUNDAY, closed, holiday, open_day

DAYS = st.dates(date(2022, 1, 1), date(2099, 12, 31))


def days_off(year: int) -> list[str]:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return [f"{on.month}/{on.day} {holiday(on)}" for on in days if on.year == year and holiday(on)]


def test_the_holidays_of_2026_are_those_of_the_calendar() -> None:
    assert days_off(2026) == [
        *("1/1 元日", "1/12 成人の日", "2/11 建国記念の日", "2/23 天皇誕生日", "3/20 春分の日", "4/29 昭和の日"),
        *("5/3 憲法記念日", "5/4 みどりの日", "5/5 こどもの日", "5/6 振替休日", "7/20 海の日", "8/11 山の日"),
        *("9/21 敬老の日", "9/22 国民の休日", "9/23 秋分の日", "10/12 スポーツの日", "11/3 文化の日"),
        "11/23 勤労感謝の日",
    ]


@pytest.mark.parametrize(
    ("on", "name"),
    [
        (date(2023, 1, 2), "振替休日"),
        (date(2024, 2, 12), "振替休日"),
        (date(2024, 9, 22), "秋分の日"),
        (date(2024, 9, 23), "振替休日"),
        (date(2025, 5, 6), "振替休日"),
        (date(2025, 11, 24), "振替休日"),
        (date(2027, 3, 21), "春分の日"),
        (date(2027, 3, 22), "振替休日"),
        (date(2032, 9, 21), "国民の休日"),
        (date(2026, 5, 7), None),
        (date(2026, 11, 28), None),
    ],
)
def test_a_day_has_the_name_that_the_law_gives_it(on: date, name: str | None) -> None:
    assert holiday(on) == name


@pytest.mark.parametrize(
    ("on", "why"),
    [
        (date(2026, 12, 28), None),
        (date(2026, 12, 29), "年末年始"),
        (date(2027, 1, 1), "元日"),
        (date(2027, 1, 3), "年末年始"),
        (date(2027, 1, 4), None),
        (date(2026, 11, 28), "土曜日"),
        (date(2026, 11, 29), "日曜日"),
    ],
)
def test_a_town_hall_is_closed_at_weekends_and_around_new_year(on: date, why: str | None) -> None:
    assert closed(on) == why


@given(DAYS)
def test_an_open_day_is_found_on_both_sides(on: date) -> None:
    after, before = open_day(on), open_day(on, -DAY)
    assert (closed(after), closed(before)) == (None, None)
    assert before <= on <= after
    assert (after - before).days <= 12


@given(DAYS)
def test_a_substitute_is_never_a_sunday_and_stands_right_after_a_holiday(on: date) -> None:
    if holiday(on) == "振替休日":
        assert (on.weekday() == SUNDAY, holiday(on - timedelta(days=1)) is None) == (False, False)


@given(st.integers(2022, 2099))
def test_each_sunday_holiday_of_a_year_has_a_day_in_its_place(year: int) -> None:
    names = [text.partition(" ")[2] for text in days_off(year)]
    sundays = [
        on
        for on in (date(year, 1, 1) + timedelta(days=n) for n in range(366))
        if on.year == year and on.weekday() == SUNDAY and holiday(on)
    ]
    assert (len(set(names) - {"振替休日", "国民の休日"}), names.count("振替休日")) == (16, len(sundays))
