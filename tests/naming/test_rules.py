"""What can stand on a sign: the names, readings and meanings that are taken, and the words that say why not."""

import re
import unicodedata
from datetime import date

import pytest
from flask import Flask
from hypothesis import given, strategies

from marketplace.kit.languages import Language, speaking
from marketplace.kit.refusals import Invalid
from marketplace.naming import rules
from tests.languages.test_sentences import KANA


@pytest.mark.parametrize(
    "typed", ["フェリシア公園", "Lake View 2027", "月山・湖畔のひろば", "あ", "Café Été", "２０２７年の森"]
)
def test_names_in_kana_kanji_and_latin_letters_are_taken_as_they_are(typed: str) -> None:
    assert rules.name(typed) == typed


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "入力してください"),
        ("　 ", "入力してください"),
        ("あ" * 200, "40文字までです（いま200文字）"),
        ("あ" * 41, "40文字までです（いま41文字）"),
        ("ひろ\x00ば", "目に見えない文字"),
        ("ひろ\nば", "目に見えない文字"),
        ("ひろば\x1b[31m", "目に見えない文字"),
        ("\u202eばろひ", "目に見えない文字"),
        ("ひ\u200bろば", "目に見えない文字"),
        ("ひろば\ue000", "目に見えない文字"),
        ("ひろば🌸", "看板に書けない文字があります：🌸"),
        ("<b>ひろば</b>", "看板に書けない文字があります：<>"),
        ("12345", "数字や記号だけ"),
        ("\u3099ひろば", "文字の並び"),
        ("ひろば・・・・", "文字の並び"),
        ("김広場", "町の印刷で出せない文字があります：김"),
    ],
)
def test_what_can_not_stand_on_a_sign_is_refused_with_what_to_mend(typed: str, why: str) -> None:
    with pytest.raises(Invalid, match=re.escape(why)):
        rules.name(typed)


@pytest.mark.parametrize(
    ("language", "called", "taken"),
    [
        (Language.JA, "愛称", "お名前"),
        (Language.EN, "Name", "Name"),
        (Language.EASY, "愛称（あいしょう）", "名前"),
    ],
)
@pytest.mark.parametrize("typed", ["あ" * 41, "12345", "ひ\u200bろば"], ids=["long", "digits", "unseen"])
def test_what_is_wrong_is_said_of_the_thing_in_the_language_of_the_reader(
    app: Flask, typed: str, language: Language, called: str, taken: str
) -> None:
    """A name that is chosen for a place, and that of a holder."""
    with speaking(language):
        for what, words in (("愛称", called), ("お名前", taken)):
            with pytest.raises(Invalid) as refusal:
                rules.name(typed, what)
            said = str(refusal.value)
            assert (said.count(words), bool(language is Language.EN and KANA.search(said))) == (1, False)


def test_a_name_is_kept_in_one_form_however_it_was_composed() -> None:
    assert rules.name(" か\u3099っさん　") == "がっさん"


@given(strategies.text(max_size=60))
def test_whatever_is_typed_is_a_clean_name_or_refused(typed: str) -> None:
    try:
        name = rules.name(typed)
    except Invalid:
        return
    assert (name, 1 <= len(name) <= 40) == (unicodedata.normalize("NFC", name), True)
    assert not {unicodedata.category(sign) for sign in name} & {"Cc", "Cf", "Cn", "Co", "Cs", "So", "Zl", "Zp"}


def test_a_reading_is_kana_alone() -> None:
    assert rules.reading(" ﾌｪﾘｼｱ こうえん ") == "フェリシア こうえん"
    for typed in ("felicia", "公園", "ふぇ1", "あ" * 81, ""):
        with pytest.raises(Invalid):
            rules.reading(typed)


def test_a_meaning_may_have_lines_but_no_hidden_signs() -> None:
    assert rules.meaning("1行目\r\n2行目") == "1行目\n2行目"
    for typed in ("", "あ" * 301, "みえない\x07"):
        with pytest.raises(Invalid):
            rules.meaning(typed)


def test_each_fault_of_the_form_names_its_field_and_empty_lines_are_no_names() -> None:
    whole = {"name": "ひろば", "reading": "ひろば", "meaning": "集まる所"}
    names, faults = rules.wishes([whole, {}, {"name": "あ" * 200, "reading": "x"}])
    assert [wish.name for wish in names] == ["ひろば"]
    assert [fault.field for fault in faults] == ["name_3", "reading_3", "meaning_3"]
    assert [fault.field for fault in rules.wishes([whole, whole])[1]] == ["name_2"]
    assert [fault.field for fault in rules.wishes([{}, {}, {}])[1]] == ["name_1", "reading_1", "meaning_1"]


def test_names_that_sound_alike_are_found() -> None:
    known = ["湧水公園", "さくら公園", "カヌーセンター"]
    assert rules.similar("新・湧水公園", known) == ["湧水公園"]
    assert rules.similar("サクラ公園", known) == ["さくら公園"]
    assert rules.similar("かぬーせんたー", known) == ["カヌーセンター"]
    assert rules.similar("フェリシア", known) == []


@pytest.mark.parametrize(
    ("begins", "months", "last"),
    [
        (date(2027, 4, 1), 60, date(2032, 3, 31)),
        (date(2027, 4, 2), 12, date(2028, 4, 1)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_a_term_counts_its_first_day_and_ends_by_the_calendar(begins: date, months: int, last: date) -> None:
    assert rules.last_day_of(begins, months) == last
