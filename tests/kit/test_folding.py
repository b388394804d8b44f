"""Words that people take for the same are found as the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marketplace.kit.folding import LONGEST, MOST_TERMS, folded, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("カヌーセンター", "かぬーせんたー"),
        ("ｶﾇｰｾﾝﾀｰ", "カヌーセンター"),
        ("カヌ－センタ－", "カヌーセンター"),
        ("ﾃﾞｼﾞﾀﾙ", "デジタル"),
        ("第３弾「四季」", "第3弾 四季"),
        ("ＤＩＧＩＴＡＬ Resident", "digital　resident"),
        ("LST-7K3M9Q", "ｌｓｔ７ｋ３ｍ９ｑ"),
        ("ヴィラ", "ゔぃら"),
        ("㈱山菜", "株山菜"),
        ("渡邉\U000e0100の家", "渡邉の家"),
    ],
)
def test_width_case_and_kana_do_not_count(one: str, other: str) -> None:
    assert folded(one) == folded(other) != ""


@pytest.mark.parametrize(("one", "other"), [("はは", "ばば"), ("カド", "カード"), ("温泉", "おんせん")])
def test_what_is_another_word_stays_another(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(st.text())
@example("A´")  # without the space that NFKC makes of the sign, letter and accent are one
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text())
def test_nothing_that_a_pattern_or_a_line_is_made_of_is_left(text: str) -> None:
    assert {unicodedata.category(sign)[0] for sign in folded(text)} <= set("LMN")


def test_a_search_is_its_words_each_once() -> None:
    assert terms("　温泉  無料　オンセン おんせん ％ ") == ["温泉", "無料", "おんせん"]


@pytest.mark.parametrize("typed", ["🎉", "%", "_ ！", "。", "\x00"])
def test_signs_alone_are_a_word_that_nothing_has(typed: str) -> None:
    (word,) = terms(typed)
    assert word not in folded(word + typed)
    assert terms(f"{typed} 温泉") == ["温泉"]
    assert terms(" 　 ") == []


def test_a_search_of_a_thousand_long_words_is_cut_short() -> None:
    found = terms(" ".join(f"{number:0<99}" for number in range(1, 1_000)))
    assert (len(found), {len(each) for each in found}) == (MOST_TERMS, {LONGEST})
