from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.telephones import japanese
from marketplace.lotteries.identity import address_form, kana_form, keyed

HOME = "月見沢町海野510-2"
SAME = [
    ("山形県西月見郡月見沢町大字海野510番地2", HOME),
    ("西月見郡月見沢町大字海野５１０番地の２", HOME),
    ("月見沢町海野五百十番地の二", HOME),
    ("月見沢町海野五一〇ー二", HOME),
    ("月見沢町海野510─2", HOME),
    ("奈良県葛\U000e0100城市柿本166", "葛城市柿本166"),
    ("山形県　西月見郡　月見沢町　海野 510−2 コーポ雪 101号", HOME),
    ("東京都千代田区霞が関三丁目二番一号", "千代田区霞ケ関3-2-1"),
    ("千代田区霞ヶ関3-2-1", "千代田区霞ケ関3-2-1"),
    ("千代田区霞ケ関３丁目２−１ 合同庁舎101号室", "千代田区霞ケ関3-2-1"),
    ("東京都渋谷区渋沢1-2-3-405", "渋谷区渋沢1-2-3"),
    ("渋谷区渋澤1丁目2番3号 四〇五号室", "渋谷区渋沢1-2-3"),
    ("北海道札幌市中央区北三条西六丁目1番地 雪ビル501", "札幌市中央区北3条西6-1"),
    ("札幌市中央区北3条西6丁目1-501", "札幌市中央区北3条西6-1-501"),
    ("東京都千代田区三番町5番地", "千代田区3番町5"),
    ("千代田区三番町５ー７", "千代田区3番町5-7"),
    ("港区六本木六丁目十番一号", "港区六本木6-10-1"),
    ("海野一丁目の2番3号", "海野1-2-3"),
    ("二の丸町三", "二の丸町3"),
    ("福島県郡山市朝日1-23-7", "郡山市朝日1-23-7"),
    ("愛知県蒲郡市旭町17番1号", "蒲郡市旭町17-1"),
    ("奈良県大和郡山市北郡山町248番地4", "大和郡山市北郡山町248-4"),
]


@pytest.mark.parametrize(("address", "form"), SAME)
def test_one_address_has_one_form(address: str, form: str) -> None:
    assert address_form(address) == form


DIFFERENT = [
    ("月見沢町海野510-2", "月見沢町海野510-3"),
    ("月見沢町海野1-2", "月見沢町海野12"),
    ("月見沢町海野510", "月見沢町山野510"),
    ("千代田区霞が関3-2-1", "千代田区霞が関2-3-1"),
    ("月見沢町海野二十一", "月見沢町海野二百一"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_addresses_have_two(one: str, other: str) -> None:
    assert address_form(one) != address_form(other)


@given(st.text(max_size=60))
def test_whatever_is_typed_has_a_form(text: str) -> None:
    assert isinstance(address_form(text), str)


@given(st.integers(1, 9999), st.integers(1, 99), st.sampled_from(["-", "−", "ー", "番地", "番地の", "の", "番"]))
def test_numbers_are_the_same_however_they_are_joined_and_written(number: int, branch: int, joint: str) -> None:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    kanji = str.maketrans("0123456789", "〇一二三四五六七八九")
    for script in (wide, kanji, {}):
        written = f"{number}\0{branch}".translate(script).replace("\0", joint)
        assert address_form(f"月見沢町海野{written}") == f"月見沢町海野{number}-{branch}"


def test_kana_is_one_script_without_spaces_and_small_letters() -> None:
    forms = {kana_form(name) for name in ("やまだ　じゅん", "ヤマダ ジュン", "ﾔﾏﾀﾞ ｼﾞｭﾝ", "ヤマダ・ジユン")}
    assert forms == {"ヤマダジユン"}
    assert kana_form("オーノ") != kana_form("オノ")
    assert [kana_form(name) for name in ("山田", "Yamada", "", "やまだ1")] == ["", "", "", ""]


def test_a_telephone_number_has_one_form() -> None:
    assert {
        japanese(n) for n in ("０９０（１２３４）５６７８", "090-1234-5678", "+81 90 1234 5678", "+81 (0)90-1234-5678")
    } == {"09012345678"}
    assert japanese("0237-00-0000") == "0237000000"
    assert [japanese(n) for n in ("", "110", "12345678901", "0900")] == ["", "", "", ""]


def test_a_key_says_nothing_without_the_secret_and_differs_between_lotteries() -> None:
    keys = [
        keyed(b"secret", "LST-A", "person", ("ヤマダ", HOME)),
        keyed(b"other", "LST-A", "person", ("ヤマダ", HOME)),
        keyed(b"secret", "LST-B", "person", ("ヤマダ", HOME)),
        keyed(b"secret", "LST-A", "phone", ("ヤマダ", HOME)),
        keyed(b"secret", "LST-A", "person", ("ヤマ", f"ダ{HOME}")),
    ]
    assert len(set(keys)) == 5
    assert keys[0] == keyed(b"secret", "LST-A", "person", ("ヤマダ", HOME))
