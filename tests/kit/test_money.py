from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.money import NotAnAmount, parse_yen, yen, yen_words

FULL_WIDTH = str.maketrans("0123456789,", "０１２３４５６７８９，")
DIGITS = {word: value for value, word in enumerate("〇一二三四五六七八九")}


@given(st.integers(0, 999_999_999_999))
def test_what_is_shown_can_be_typed_again(amount: int) -> None:
    assert parse_yen(yen(amount)) == amount


def test_what_is_below_nothing_has_a_sign_as_wide_as_a_digit() -> None:
    assert (yen(-1_300), yen(0)) == ("−1,300円", "0円")


@given(st.integers(0, 999_999_999_999))
def test_full_width_digits_and_commas_are_read(amount: int) -> None:
    assert parse_yen(f" ￥{amount:,} 円　".translate(FULL_WIDTH)) == amount


def test_the_key_of_the_yen_sends_a_backslash() -> None:
    assert parse_yen("\\1,300") == parse_yen("\u202a¥1,300\u202c") == 1_300


@given(st.text() | st.from_regex(r"[¥￥]?[-0-9０-９,.]{1,16}円?", fullmatch=True))
def test_any_text_is_an_amount_or_is_refused(text: str) -> None:
    amount = None
    with suppress(NotAnAmount):
        amount = parse_yen(text)
    assert amount is None or 0 <= amount < 10**12


@pytest.mark.parametrize("text", ["", "  ", "-1", "1.5", "1e3", "千円", "壱", "１２３４５６７８９０１２３", "٣"])
def test_what_is_no_whole_positive_sum_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        parse_yen(text)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "〇円"),
        (1, "一円"),
        (10, "十円"),
        (11, "十一円"),
        (100, "百円"),
        (1_000, "千円"),
        (1_300, "千三百円"),
        (10_000, "一万円"),
        (110_000, "十一万円"),
        (1_300_000, "百三十万円"),
        (10_000_000, "一千万円"),
        (100_000_001, "一億一円"),
    ],
)
def test_sums_are_read_aloud_as_japanese_says_them(amount: int, words: str) -> None:
    assert yen_words(amount) == words


@given(st.integers(1, 10**12 - 1))
def test_no_two_sums_sound_the_same(amount: int) -> None:
    assert heard(yen_words(amount)) == amount


@pytest.mark.parametrize("amount", [-1, 10**12])
def test_sums_that_nobody_bids_have_no_words(amount: int) -> None:
    with pytest.raises(ValueError, match=str(amount)):
        yen_words(amount)


def heard(words: str) -> int:
    """A listener who writes down what yen_words() said."""
    total = part = digit = 0
    for word in words.removesuffix("円"):
        if word in DIGITS:
            digit = DIGITS[word]
        elif word in "十百千":
            part, digit = part + (digit or 1) * {"十": 10, "百": 100, "千": 1_000}[word], 0
        else:
            total, part, digit = total + (part + digit) * {"万": 10**4, "億": 10**8}[word], 0, 0
    return total + part + digit
