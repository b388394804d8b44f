from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.refusals import Invalid
from marketplace.listings.models import Tax
from marketplace.receipts.rules import Honorific, addressee, included_tax


@pytest.mark.parametrize(
    ("yen", "tax", "within"),
    [
        (1_100, Tax.TAXABLE_10, 100),
        (1_300, Tax.TAXABLE_10, 118),
        (50, Tax.TAXABLE_10, 4),
        (10, Tax.TAXABLE_10, 0),
        (99_999_999, Tax.TAXABLE_10, 9_090_909),
        (1_300, Tax.EXEMPT, 0),
        (1_300, Tax.OUT_OF_SCOPE, 0),
    ],
)
def test_the_tax_within_a_sum_is_ten_of_a_hundred_and_ten(yen: int, tax: Tax, within: int) -> None:
    assert included_tax(yen, tax) == within


@given(st.integers(1, 99_999_999), st.sampled_from(Tax))
def test_less_than_a_yen_is_dropped_and_no_more_at_any_rate(yen: int, tax: Tax) -> None:
    assert 0 <= yen * tax.percent - included_tax(yen, tax) * (100 + tax.percent) < 100 + tax.percent


@pytest.mark.parametrize(
    ("typed", "honorific", "written"),
    [
        ("月山 花子", Honorific.PERSON, "月山 花子 様"),
        ("　株式会社　つきみ ", Honorific.COMPANY, "株式会社 つきみ 御中"),
        ("上様", Honorific.NONE, "上様"),
        ("髙﨑 花子", Honorific.PERSON, "髙﨑 花子 様"),
        ("\u202a𠮷田\u0000 Nguyễn\u202c", Honorific.PERSON, "𠮷田 Nguyễn 様"),
        ("塚本", Honorific.PERSON, "塚本 様"),
        ("が", Honorific.NONE, "が"),
    ],
)
def test_an_addressee_as_it_stands_on_the_paper(typed: str, honorific: Honorific, written: str) -> None:
    assert addressee(typed, honorific) == written


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "宛名を入力してください。"),
        (" 　\n", "宛名を入力してください。"),
        ("あ" * 61, "宛名は60文字までで入力してください。"),
        ("山田\u0000🐻花子🐻", "次の文字は紙に印刷できません。ほかの字で入力してください: 🐻"),
    ],
)
def test_what_cannot_be_an_addressee(typed: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        addressee(typed, Honorific.PERSON)
    assert (str(refused.value), refused.value.field) == (says, "addressee")
