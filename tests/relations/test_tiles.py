"""The map of tiles: every prefecture once, none on another, and nothing told that is not said."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.rules import PREFECTURES
from marketplace.kit.languages import Language, speaking
from marketplace.relations.tiles import COLUMNS, PLACES, ROWS, SHADES, shade, tiles


def test_every_prefecture_has_one_place_that_is_nobody_elses() -> None:
    assert set(PLACES) == set(PREFECTURES)
    assert len(set(PLACES.values())) == 47
    assert all(0 <= column < COLUMNS and 0 <= row < ROWS for column, row in PLACES.values())


def test_numbers_stand_in_their_tiles_and_what_is_not_said_is_a_cross() -> None:
    svg = tiles("持っている人の都道府県", "人")([("東京都", (1_200, 0)), ("山形県", (None, 0))], (650, 260), "homes")
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert (words[words.index("東京") + 1], words[words.index("山形") + 1]) == ("1,200", "×")
    assert [words[words.index(name) + 1] for name in ("北海道", "沖縄")] == ["", ""]
    assert "東京都の1,200人がいちばん多い" in svg


def test_a_reader_of_english_has_three_letters_for_each() -> None:
    with speaking(Language.EN):
        svg = tiles("持っている人の都道府県", "人")([("東京都", (1_200, 0))], (340, 260), "homes")
    words = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert words[words.index("TKY") + 1] == "1200"
    assert re.findall("<desc[^>]*>([^<]*)", svg) == ["Prefectures of holders: most in Tokyo, 1,200. "]
    assert len({word for word in words if word.isupper()}) == len(PREFECTURES)


@given(st.lists(st.integers(1, 100_000), min_size=1))
def test_more_is_never_lighter_and_the_largest_is_darkest(counts: list[int]) -> None:
    most = max(counts)
    steps = [shade(count, most) for count in sorted(counts)]
    assert steps == sorted(steps)
    assert min(steps) >= 1
    assert shade(most, most) == SHADES or most < SHADES
    assert (shade(0, most), shade(None, most)) == (0, 0)
