from __future__ import annotations

import pytest

from marketplace.rights.promises import FIELDS, found


def words(text: str, field: str = "body_ja") -> list[tuple[str, bool]]:
    return [(each.word, each.plain) for each in found({field: text})]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("必ず儲かる会員証", [("儲かる", True)]),
        ("モウカル会員証", [("もうかる", True)]),
        ("ﾓｳｶﾙ", [("もうかる", True)]),
        ("将来の値上がりが楽しみ", [("値上がり", True)]),
        ("投資に向いています", [("投資に", True)]),
        ("投資の方も歓迎", [("投資", False)]),
        ("いまだけ、お得", [("お得", False), ("いまだけ", False)]),
        ("A Guaranteed Return for you", [("guaranteed return", True)]),
        ("町の温泉に入れます", []),
    ],
)
def test_a_word_is_found_however_it_is_written(text: str, expected: list[tuple[str, bool]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("値上がりを約束するものではありません。", []),
        ("値上がりを約束するものではありません。でも必ず上がる。", [("必ず上がる", True)]),
        ("うそではありません、儲かる", [("儲かる", True)]),
        ("No rise in value is promised.", []),
        ("It will rise in value.", [("rise in value", True)]),
    ],
)
def test_a_denial_covers_its_own_sentence_and_no_other(text: str, expected: list[tuple[str, bool]]) -> None:
    assert words(text) == expected


def test_each_field_is_read_and_each_word_told_once_for_it() -> None:
    told = found(dict.fromkeys(FIELDS, "値上がり。値上がり") | {"terms": [{"ja": "値上がり", "en": "profit"}]})
    assert [(each.field, each.word) for each in told] == [
        (field, word) for field in FIELDS for word in ("値上がり", "profit") if word == "値上がり" or field == "terms"
    ]


def test_each_word_comes_with_its_reason() -> None:
    assert [each.why for each in found({"title_ja": "必ず上がるお得な会員証"})] == [
        "将来の値段を言い切る言葉は使えません（消費者契約法 4条1項2号）。",
        "何とくらべてのことかを書いてください（景品表示法 5条2号）。",
    ]
