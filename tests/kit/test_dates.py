from datetime import UTC, date, datetime

import pytest

from marketplace.kit.dates import (
    day,
    era_day,
    fiscal_year,
    fiscal_year_name,
    full_day,
    full_until,
    full_when,
    period_seen_from,
    read_day,
    until_seen_from,
    when,
    when_seen_from,
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_a_moment_is_told_in_japan_with_its_weekday() -> None:
    assert when(utc(2026, 11, 25, 11, 0)) == "11月25日(水) 午後8時00分"


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (utc(2026, 11, 24, 15, 0), "11月25日(水) 午前0時00分"),
        (utc(2026, 11, 25, 2, 59), "11月25日(水) 午前11時59分"),
        (utc(2026, 11, 25, 3, 0), "11月25日(水) 午後0時00分"),
        (utc(2026, 12, 31, 14, 59), "12月31日(木) 午後11時59分"),
    ],
)
def test_noon_and_midnight_are_the_zeroth_hour(at: datetime, told: str) -> None:
    assert when(at) == told


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (utc(2026, 12, 11, 15, 0), "12月11日(金) 24時00分"),
        (utc(2026, 12, 11, 15, 1), "12月12日(土) 午前0時01分"),
        (utc(2026, 12, 11, 14, 59), "12月11日(金) 午後11時59分"),
        (utc(2026, 12, 31, 15, 0), "12月31日(木) 24時00分"),
        (utc(2027, 12, 31, 15, 0), "2027年12月31日(金) 24時00分"),
    ],
)
def test_what_ends_at_midnight_ends_with_the_day_before(at: datetime, told: str) -> None:
    """Who reads that a lottery closes on the 12th at 午前0時 comes on the 12th, a day too late."""
    assert until_seen_from(at, utc(2026, 12, 1, 0, 0)) == told
    assert full_until(at).removeprefix("2026年") == told


def test_a_period_that_ends_at_midnight_ends_on_its_last_day() -> None:
    begins, today = utc(2026, 12, 11, 0, 0), utc(2026, 12, 1, 0, 0)
    over_a_day = period_seen_from(begins, utc(2026, 12, 12, 15, 0), today)
    assert over_a_day == "12月11日(金) 午前9時00分 から 12月12日(土) 24時00分 まで"
    within_one = period_seen_from(begins, utc(2026, 12, 11, 15, 0), today)
    assert within_one == "12月11日(金) 午前9時00分 から 24時00分 まで"
    to_new_year = period_seen_from(begins, utc(2026, 12, 31, 15, 0), today)
    assert to_new_year == "12月11日(金) 午前9時00分 から 12月31日(木) 24時00分 まで"


def test_a_moment_of_another_year_says_its_year() -> None:
    today = utc(2026, 12, 31, 14, 59)
    assert when_seen_from(utc(2026, 1, 1, 0, 0), today) == "1月1日(木) 午前9時00分"
    assert when_seen_from(utc(2026, 12, 31, 15, 0), today) == "2027年1月1日(金) 午前0時00分"


def test_a_moment_that_is_kept_for_years_says_its_year() -> None:
    assert full_when(utc(2026, 12, 31, 15, 0)) == "2027年1月1日(金) 午前0時00分"


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        when(datetime(2026, 11, 25, 20, 0))  # noqa: DTZ001 - the very mistake under test


def test_a_day_begins_at_midnight_in_japan() -> None:
    assert full_day(utc(2026, 12, 31, 15, 0)) == "2027年1月1日(金)"
    assert full_day(utc(2026, 12, 31, 14, 59)) == "2026年12月31日(木)"


def test_a_plain_date_is_taken_as_it_stands() -> None:
    assert full_day(date(2027, 4, 1)) == "2027年4月1日(木)"
    assert day(date(2027, 4, 1)) == "4月1日(木)"


def test_a_period_within_a_day_says_the_day_once() -> None:
    begins, ends = utc(2026, 11, 25, 0, 0), utc(2026, 11, 25, 11, 0)
    assert period_seen_from(begins, ends, begins) == "11月25日(水) 午前9時00分 から 午後8時00分 まで"
    later = "2026年11月25日(水) 午前9時00分 から 午後8時00分 まで"
    assert period_seen_from(begins, ends, utc(2029, 3, 1, 0, 0)) == later


def test_a_period_over_new_year_says_both_years() -> None:
    told = period_seen_from(utc(2026, 12, 25, 0, 0), utc(2027, 1, 7, 8, 0), utc(2026, 12, 1, 0, 0))
    assert told == "2026年12月25日(金) 午前9時00分 から 2027年1月7日(木) 午後5時00分 まで"


def test_a_period_may_have_no_end() -> None:
    begins = utc(2026, 11, 25, 0, 0)
    assert period_seen_from(begins, None, begins) == "11月25日(水) 午前9時00分 から"
    assert period_seen_from(begins, None, utc(2029, 3, 1, 0, 0)) == "2026年11月25日(水) 午前9時00分 から"


def test_a_period_of_another_year_says_it_once() -> None:
    """Midnight in Japan, not in Greenwich: at 15 o'clock UTC of 31 December it is New Year."""
    begins, ends = utc(2026, 11, 25, 0, 0), utc(2026, 12, 2, 11, 0)
    plain = "11月25日(水) 午前9時00分 から 12月2日(水) 午後8時00分 まで"
    assert period_seen_from(begins, ends, utc(2026, 12, 31, 14, 59)) == plain
    assert period_seen_from(begins, ends, utc(2026, 12, 31, 15, 0)) == f"2026年{plain}"


@pytest.mark.parametrize(
    "text",
    [
        "1951ー4ー3",
        "S26―4―3",
        "1951年4月3日",
        "１９５１年４月３日",
        "昭和26年4月3日",
        "昭和２６年４月３日",
        "S26.4.3",
        "s26/4/3",
        "1951-04-03",
        "西暦1951年4月3日",
    ],
)
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    assert read_day(text) == date(1951, 4, 3)


def test_the_first_year_of_an_era_has_its_own_word() -> None:
    assert read_day("令和元年5月1日") == date(2019, 5, 1)
    assert read_day("平成31年4月30日") == date(2019, 4, 30)


@pytest.mark.parametrize(
    "text", ["", "1951", "昭和", "26年4月3日", "1951年13月3日", "2023-02-29", "9999-12-31", "0001-01-01", "きのう"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text) is None


def test_a_paper_is_dated_by_the_era() -> None:
    assert era_day(utc(2026, 11, 24, 15, 0)) == "令和8年11月25日"
    days = [date(2019, 5, 1), date(2019, 4, 30), date(1989, 1, 8), date(1989, 1, 7), date(1926, 12, 24)]
    assert [era_day(day) for day in days] == [
        *("令和元年5月1日", "平成31年4月30日", "平成元年1月8日", "昭和64年1月7日", "1926年12月24日"),
    ]


@pytest.mark.parametrize(
    ("at", "year"),
    [
        (utc(2026, 3, 31, 14, 59), 2025),
        (utc(2026, 3, 31, 15, 0), 2026),
        (date(2026, 4, 1), 2026),
        (date(2027, 3, 31), 2026),
    ],
)
def test_the_towns_year_begins_in_april_in_japan(at: date, year: int) -> None:
    assert fiscal_year(at) == year


def test_a_fiscal_year_has_the_name_of_the_era() -> None:
    years = (2026, 2019, 2018, 1989, 1988)
    assert [fiscal_year_name(year) for year in years] == [
        "令和8年度",
        "令和元年度",
        "平成30年度",
        "平成元年度",
        "昭和63年度",
    ]
