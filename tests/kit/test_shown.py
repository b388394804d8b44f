"""Moments and sums are written as the readers of each language write them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.kit import shown
from marketplace.kit.clock import now
from marketplace.kit.languages import Language, speaking

THEN = datetime(2031, 11, 25, 11, tzinfo=UTC)
"""In Japan 8 in the evening."""


@pytest.mark.parametrize(
    ("write", "ja", "en"),
    [
        (shown.day, "11月25日(火)", "Tue 25 Nov"),
        (shown.full_day, "2031年11月25日(火)", "Tue 25 Nov 2031"),
        (shown.clock, "午後8時00分", "8:00 pm"),
        (shown.when, "2031年11月25日(火) 午後8時00分", "Tue 25 Nov 2031, 8:00 pm (Japan time)"),
    ],
)
def test_a_moment_in_japanese_and_english(write: Callable[[datetime], str], ja: str, en: str) -> None:
    assert write(THEN) == ja
    with speaking(Language.EASY):
        assert write(THEN) == ja
    with speaking(Language.EN):
        assert write(THEN) == en


def test_what_ends_at_midnight_ends_with_the_day_before() -> None:
    """'12:00 am' of the 26th is read as noon, or as the end of the 26th."""
    begins, ends = THEN - timedelta(hours=2), THEN + timedelta(hours=4)
    assert shown.until(ends) == "2031年11月25日(火) 24時00分"
    assert shown.until(THEN) == shown.when(THEN)
    with speaking(Language.EN):
        assert shown.until(ends) == "Tue 25 Nov 2031, 24:00 (Japan time)"
        assert shown.until(THEN) == shown.when(THEN)
        assert shown.period(begins, ends) == "Tue 25 Nov 2031, 6:00 pm to 24:00 (Japan time)"
        over_a_day = "Tue 25 Nov 2031, 6:00 pm to Wed 26 Nov 2031, 24:00 (Japan time)"
        assert shown.period(begins, ends + timedelta(days=1)) == over_a_day


def test_the_year_is_said_where_it_is_another() -> None:
    with speaking(Language.EN):
        assert str(now().year) not in shown.when(now())


def test_a_day_that_both_ends_share_is_said_once() -> None:
    with speaking(Language.EN):
        assert shown.period(THEN, THEN + timedelta(hours=1)) == "Tue 25 Nov 2031, 8:00 pm to 9:00 pm (Japan time)"
        assert shown.period(THEN, None) == "from Tue 25 Nov 2031, 8:00 pm (Japan time)"


@pytest.mark.parametrize(
    ("amount", "ja", "easy", "en"),
    [
        (0, "〇円", "0円", "zero yen"),
        (1_300, "千三百円", "1300円", "one thousand three hundred yen"),
        (1_305_000, "百三十万五千円", "130万5000円", "one million three hundred five thousand yen"),
        (20_000_019, "二千万十九円", "2000万19円", "twenty million nineteen yen"),
        (99_999_999, "九千九百九十九万九千九百九十九円", "9999万9999円", None),
    ],
)
def test_a_sum_in_words(amount: int, ja: str, easy: str, en: str | None) -> None:
    assert shown.yen_words(amount) == ja
    with speaking(Language.EASY):
        assert shown.yen_words(amount) == easy
    with speaking(Language.EN):
        assert en is None or shown.yen_words(amount) == en


def test_a_sum_in_digits() -> None:
    assert shown.yen(1_300) == "1,300円"
    with speaking(Language.EN):
        assert shown.yen(1_300) == "1,300 yen"


@pytest.mark.parametrize(
    ("number", "link"),
    [
        ("0237-00-0000", '<a class="nowrap" href="tel:0237000000">0237-00-0000</a>'),
        ("+81 237-00-0000", '<a class="nowrap" href="tel:0237000000">+81 237-00-0000</a>'),
        ("０２３７－００－００００", '<a class="nowrap" href="tel:0237000000">０２３７－００－００００</a>'),
        ("役場 & 窓口", "役場 &amp; 窓口"),
    ],
)
def test_a_number_is_dialled_where_it_is_read(number: str, link: str) -> None:
    assert shown.phone(number) == link
