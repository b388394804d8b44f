from __future__ import annotations

import re
from typing import Any

import pytest

from marketplace.admissions.pledge import CURRENT, PLEDGES, pledge, translation
from marketplace.admissions.rules import compared, corporate_number, faults, filled, telephone
from marketplace.kit.codes import check_digit
from marketplace.kit.languages import Language
from marketplace.kit.refusals import Invalid
from tests.given import APPLICATION

NTA = "7000012050002"
"""国税庁's own corporate number, as its publication site prints it."""
COMPANY = APPLICATION | {
    "party": "company",
    "company": "もりの工務店",
    "representative": "最上 花子",
    "corporate_no": NTA,
}


def test_the_first_digit_of_a_corporate_number_is_made_from_the_others() -> None:
    assert check_digit(NTA[1:]) == 7


@pytest.mark.parametrize(
    "typed", [NTA, "７０００－０１２０－５０００２", " 7 0000 1205 0002 ", "7000‐0120−50002", "7000―0120–50002"]
)
def test_a_corporate_number_is_read_kindly(typed: str) -> None:
    assert corporate_number(typed) == NTA


@pytest.mark.parametrize("place", range(13))
def test_a_corporate_number_with_one_wrong_digit_is_refused(place: int) -> None:
    wrong = str((int(NTA[place]) + 1) % 10)
    with pytest.raises(Invalid, match="けたのどれかが違うようです"):
        corporate_number(NTA[:place] + wrong + NTA[place + 1 :])


@pytest.mark.parametrize("typed", ["", "700001205000", "70000120500022", "700001205000a", "７０００００"])
def test_what_has_not_thirteen_digits_is_no_corporate_number(typed: str) -> None:
    with pytest.raises(Invalid, match="13けた"):
        corporate_number(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("０２３７－００－００００", "0237-00-0000"),
        ("090 1234 5678", "09012345678"),
        ("０２３７―００─００００", "0237-00-0000"),
        ("+81-237-00-0000", "+81-237-00-0000"),
    ],
)
def test_a_telephone_number_is_read_kindly(typed: str, kept: str) -> None:
    assert telephone(typed) == kept


@pytest.mark.parametrize("typed", ["", "役場", "12345678", "0237-00-0000 内線 12"])
def test_a_number_that_nobody_could_call_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        telephone(typed)


@pytest.mark.parametrize(
    "name",
    ["株式会社　もりの工務店", "もりの工務店 (株)", "もりの工務\U000e0101店", "（株）もりの 工務店", "もりの工務店"],
)
def test_names_are_compared_without_spaces_width_and_form_of_company(name: str) -> None:
    assert compared(name) == "もりの工務店"


def test_a_complete_application_has_no_fault() -> None:
    assert [list(faults(values)) for values in (APPLICATION, COMPANY)] == [[], []]


def test_every_fault_is_found_at_once() -> None:
    empty: dict[str, Any] = {"party": "company"}
    assert [fault.field for fault in faults(empty)] == [
        *("name", "address", "company", "representative", "phone", "corporate_no", "adult", "pledged")
    ]
    assert [fault.field for fault in faults({"party": "individual"})] == [
        "name",
        "address",
        "phone",
        "adult",
        "pledged",
    ]


def test_what_belongs_to_companies_is_not_kept_of_a_person() -> None:
    assert filled(COMPANY | {"party": "individual"}) == {
        "party": "individual",
        "name": "月山 一郎",
        "address": "山形県西月見郡月見沢町1-1",
        "phone": "0237-00-0000",
        "company": "",
        "representative": "",
        "corporate_no": "",
    }


def test_a_pledge_that_was_published_never_changes() -> None:
    published = {"2026-11": "1ab0056e166dab0af3e64b5bdf720ffe39826b66c0a35d7f7db51141e4708c08"}
    assert {version: pledge(version).sha256 for version in published} == published
    assert CURRENT in published


@pytest.mark.parametrize("language", [each for each in Language if each is not Language.JA])
def test_each_pledge_is_translated_clause_by_clause(language: Language) -> None:
    versions = sorted(file.stem for file in PLEDGES.glob("*.txt"))
    assert sorted(file.stem for file in (PLEDGES / language).iterdir()) == versions
    for version in versions:
        assert clauses(translation(version, language)) == clauses(pledge(version).text)


def clauses(text: str) -> list[str]:
    return re.findall(r"^(?:\d+\. )?(?=\S)", text, re.M)


def test_a_pledge_that_there_never_was_is_not_found() -> None:
    with pytest.raises(LookupError):
        pledge("1999-01")
