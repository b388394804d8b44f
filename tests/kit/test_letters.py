"""What hands and clipboards make of text is told apart from what people meant."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.letters import MOST_SPELLINGS, dashed, one_shape, spellings, typed


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("か\u3099き", "がき"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("\u202a090-1234-5678\u202c", "090-1234-5678"),
        ("山\u200b田\ufeff花\u00ad子\x07", "山田花子"),
        ("1行目\r\n2行目\r3行目\u20284行目\x0b5行目", "1行目\n2行目\n3行目\n4行目\n5行目"),
        ("半\ud842分", "半分"),
        ("山田\u00a0花\u2009子", "山田 花 子"),
        ("終\uffff\U0001fffe", "終"),
        ("<b>&{{7*7}}%s\t　 ", "<b>&{{7*7}}%s\t　 "),
    ],
)
def test_what_was_sent_is_what_was_seen(sent: str, seen: str) -> None:
    assert typed(sent) == seen


@pytest.mark.parametrize("text", ["👨‍👩‍👧‍👦", "می‌خواهم", "渡邉󠄀", "﨑塚神", "𠮷野", "ｱｲｳ㈱①", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "①\ue000"])
def test_what_somebody_would_miss_stays(text: str) -> None:
    assert typed(text) == text


def test_one_line_stays_one_line() -> None:
    assert typed("町の\u2028権利\t\r\nBcc: x@example.jp", lines=False) == "町の 権利  Bcc: x@example.jp"


@given(st.text())
def test_what_was_seen_is_seen_again_and_can_be_written_anywhere(text: str) -> None:
    seen = typed(text)
    assert typed(seen) == seen
    assert seen.encode().decode() == seen
    assert {sign for sign in seen if unicodedata.category(sign) in ("Cc", "Zl", "Zp")} <= {"\n", "\t"}


@pytest.mark.parametrize("dash", "-‐‑‒–—―−─━ー－﹣ｰ")
def test_every_dash_of_a_keyboard_is_one(dash: str) -> None:
    assert dashed(f"１２３{dash}４５６７") == "123-4567"


def test_the_shape_that_was_asked_for_a_kanji_is_not_another_kanji() -> None:
    assert [one_shape(text) for text in ("渡邉\U000e0100", "辻\ufe00", "花子")] == ["渡邉", "辻", "花子"]


@pytest.mark.parametrize(
    ("typed_by_clerk", "given_by_person"),
    [
        ("高橋", "髙橋"),
        ("吉田", "𠮷田"),
        ("渡辺", "渡邉"),
        ("渡邊", "渡邉"),
        ("塚本", "塚本"),
        ("斉藤", "齋藤"),
        ("Ana", "Ana"),
    ],
)
def test_a_clerk_finds_the_name_however_its_family_writes_it(typed_by_clerk: str, given_by_person: str) -> None:
    assert given_by_person in spellings(typed_by_clerk)


def test_the_spellings_begin_with_what_was_typed_and_are_not_without_end() -> None:
    assert [spellings("高")[0], spellings("髙")[0]] == ["高", "髙"]
    assert len(spellings("辺斎島" * 30)) == MOST_SPELLINGS
