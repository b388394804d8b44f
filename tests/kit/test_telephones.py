"""Numbers of the plan are taken however they are typed, and others are not."""

from __future__ import annotations

import pytest

from marketplace.kit import telephones

PLAN = {
    "a town": "0237-00-1234",
    "Tokyo": "03-1234-5678",
    "a village": "01267-9-1234",
    "mobile since 2026": "060-1234-5678",
    "mobile": "070-1234-5678",
    "mobile of 2002": "080-1234-5678",
    "mobile of 1999": "090-1234-5678",
    "over the network": "050-1234-5678",
    "free of charge": "0120-123-456",
    "free of charge, longer": "0800-123-4567",
    "one number for all branches": "0570-123-456",
}
MOBILE = [name for name in PLAN if name.startswith("mobile")]


@pytest.mark.parametrize("number", PLAN.values(), ids=PLAN)
def test_each_number_of_the_plan_is_one_however_it_is_typed(number: str) -> None:
    digits = number.replace("-", "")
    wide = number.translate(str.maketrans("0123456789-", "０１２３４５６７８９ー"))
    abroad = f"+81 {number[1:]}"
    ways = (number, digits, wide, abroad, f"+81(0){number[1:]}", number.replace("-", " "), number.replace("-", "."))
    assert [telephones.japanese(each) for each in ways] == [digits] * len(ways)
    assert [telephones.dialled(each) for each in ways] == [digits] * len(ways)
    assert telephones.written(wide) == number


@pytest.mark.parametrize(("name", "number"), PLAN.items(), ids=PLAN)
def test_a_short_message_goes_to_a_mobile_telephone_only(name: str, number: str) -> None:
    assert (telephones.mobile(number) != "") == (name in MOBILE)


@pytest.mark.parametrize(
    "number",
    [
        *("", "役場", "110", "118", "0237-00-123", "0237-00-12345", "03-1234-56789", "090-1234-567", "060-1234-56789"),
        *("020-1234-5678", "010-81-237-00-0000", "1234567890", "00-1234-5678", "+81-110", "+0 237 000 000"),
        *("+1 555", "+1234567890123456", "0237-00-0000 内線 12"),
    ],
)
def test_what_nobody_answers_is_no_number(number: str) -> None:
    assert (telephones.japanese(number), telephones.dialled(number), telephones.written(number)) == ("", "", "")


@pytest.mark.parametrize(
    ("typed", "written", "dialled"),
    [
        ("０２３７（００）００００", "0237-00-0000", "0237000000"),
        ("(0237) 00-0000", "0237-00-0000", "0237000000"),
        ("0237.00.0000", "0237-00-0000", "0237000000"),
        ("+81-237-00-0000", "+81-237-00-0000", "0237000000"),
        ("+81 (0)237-00-0000", "+81237-00-0000", "0237000000"),
        ("+1 (555) 010-9999", "+1-555-010-9999", "+15550109999"),
    ],
)
def test_it_is_kept_as_it_is_read_and_dialled_as_a_telephone_needs_it(typed: str, written: str, dialled: str) -> None:
    assert (telephones.written(typed), telephones.dialled(typed)) == (written, dialled)
