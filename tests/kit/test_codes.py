from __future__ import annotations

import re

from marketplace.kit.codes import digits, public_code, secret, typed_digits


def test_a_code_has_no_letter_that_is_taken_for_a_digit() -> None:
    codes = [public_code("ORD") for _ in range(500)]
    assert [code for code in codes if not re.fullmatch(r"ORD-[2-9A-HJ-NP-Z]{8}", code)] == []


def test_codes_and_secrets_are_not_the_same_twice() -> None:
    assert len({public_code("ORD") for _ in range(500)}) == 500
    assert len({secret() for _ in range(500)}) == 500


def test_digits_keep_their_leading_zeros() -> None:
    drawn = [digits(2) for _ in range(2_000)]
    assert {len(code) for code in drawn} == {2}
    assert {code[0] for code in drawn} == set("0123456789")


def test_digits_are_read_in_whatever_writing_a_keyboard_has() -> None:
    assert [typed_digits(each) for each in ("１２３ 456", "123-456", "１２３　４５６", "\u0661\u0662\u0663456")] == [
        "123456"
    ] * 4
