from __future__ import annotations

import pytest

from marketplace.accounts.rules import NameOfTheTown, NotAnAddress, Town, check_self, normalised
from marketplace.kit.refusals import Invalid


@pytest.mark.parametrize(
    "typed",
    [
        "hanako@example.jp",
        " Hanako@Example.JP ",
        "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ",
        "　hanako@example.jp\n",
        "\u202ahanako@example.jp\u202c\u200b",
        "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ。ｊｐ",
    ],
)
def test_one_address_is_one_address_however_it_is_typed(typed: str) -> None:
    assert normalised(typed) == "hanako@example.jp"


@pytest.mark.parametrize(
    "address", ["o'brien@example.ie", "hanako+town@example.jp", "da.me..@docomo.example.jp", "a_b-c@example.museum"]
)
def test_an_address_may_have_signs_that_few_have(address: str) -> None:
    assert normalised(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        "はなこ@example.jp",
        "a[b]@example.jp",
        "",
        "hanako",
        "hanako@",
        "@example.jp",
        "hanako@example",
        "a b@example.jp",
        "a@b@example.jp",
        "a@example.jp,b@c.jp",
        "a@example.jp\nBcc: b@example.jp",
        "a" * 250 + "@example.jp",
    ],
)
def test_what_no_letter_can_be_sent_to_is_refused_beside_the_field(typed: str) -> None:
    with pytest.raises(NotAnAddress) as refusal:
        normalised(typed)
    assert (refusal.value.field, refusal.value.status) == ("email", 422)


def called(field: str, typed: str) -> tuple[str, str, str]:
    """Name, nickname and prefecture, of which one was typed."""
    return (typed, "", "") if field == "name" else ("", typed, "")


@pytest.mark.parametrize("field", ["name", "nickname"])
@pytest.mark.parametrize(
    "typed",
    [
        *("当選 https://evil.example", "ｈｔｔｐ：／／evil.example", "WWW.evil.example", "evil.example/x"),
        *("tsukimisawa-gift.com", "当選ｅｖｉｌ．ｊｐへ"),
    ],
)
def test_a_name_that_goes_to_strangers_in_a_letter_of_the_town_has_no_link_in_it(field: str, typed: str) -> None:
    with pytest.raises(Invalid, match="サイトのアドレスは書けません") as refused:
        check_self(*called(field, typed))
    assert refused.value.field == field


@pytest.mark.parametrize("field", ["name", "nickname"])
@pytest.mark.parametrize("typed", ["至急お電話を 090-1234-5678", "０２３７（００）０００１", "+81 90 1234 5678"])
def test_nor_a_telephone_number(field: str, typed: str) -> None:
    with pytest.raises(Invalid, match="電話番号は書けません") as refused:
        check_self(*called(field, typed))
    assert refused.value.field == field


TOWN = Town(("月見沢町", "Tsukimisawa Town"), ("月見沢町役場 かせぐ課", "Kasegu Section, Tsukimisawa Town Office"))


@pytest.mark.parametrize("field", ["name", "nickname"])
@pytest.mark.parametrize(
    "typed",
    [
        *("月見沢町", "月見沢町長", "月見沢町　役場", "【公式】月見沢町公式ショップ", "月見澤町役場 かせぐ課 山田"),
        *("Tsukimisawa Town", "TSUKIMISAWA TOWN OFFICE", "ｔｓｕｋｉｍｉｓａｗａ-town official"),
    ],
)
def test_in_a_letter_of_the_town_nobody_is_called_like_the_town(field: str, typed: str) -> None:
    with pytest.raises(NameOfTheTown) as refused:
        check_self(*called(field, typed), TOWN)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "name", ["月見沢", "月見沢町観光協会", "月見沢町長寿会", "月見沢町の山田", "役場の近くの花子", "公式"]
)
def test_whoever_lives_there_may_say_so(name: str) -> None:
    check_self(name, name, "", TOWN)


@pytest.mark.parametrize("name", ["J.Smith", "山田/Yamada", "St. John", "株式会社A.B.C", "はな（東京）", "O’Brien"])
def test_a_name_may_have_dots_and_strokes(name: str) -> None:
    check_self(name, name, "")
