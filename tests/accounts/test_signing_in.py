from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account, SignInCode
from marketplace.accounts.signing_in import (
    ASKS,
    TRIES,
    VALID_FOR,
    CodeExpired,
    TooManyCodes,
    WrongCode,
    account_of,
    ask_code,
    prove,
    redeem,
)
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from marketplace.outbox.models import Message
from tests import given
from tests.racing import at_once

HANAKO = "hanako@example.jp"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def token(email: str = HANAKO) -> str:
    return given.mailed_link(email).rpartition("/")[2]


def count(entity: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(entity)) or 0


def test_the_mailed_code_signs_in_once(app: Flask) -> None:
    ask_code(HANAKO)
    code = given.mailed_code(HANAKO)
    account = get(Account, prove(HANAKO, code))
    assert account.email == HANAKO
    with pytest.raises(CodeExpired):
        prove(HANAKO, code)


def test_the_second_sign_in_finds_the_same_person(app: Flask) -> None:
    people = []
    for _ in range(2):
        ask_code(" Hanako@Example.jp")
        people.append(prove("HANAKO@example.jp", given.mailed_code(HANAKO)))
    assert (people[0], count(Account)) == (people[1], 1)


@pytest.mark.parametrize("spoil", ["{0[0]} {0[1]}{0[2]}-{0[3]}{0[4]}{0[5]}", "　{0}\n"])
def test_full_width_digits_and_spaces_are_read(app: Flask, spoil: str) -> None:
    ask_code(HANAKO)
    assert prove(HANAKO, spoil.format(given.mailed_code(HANAKO).translate(FULL_WIDTH))) == account_of(HANAKO)


def test_a_wrong_code_is_counted_and_the_right_one_still_works(app: Flask) -> None:
    ask_code(HANAKO)
    code = given.mailed_code(HANAKO)
    for _ in range(TRIES - 1):
        with pytest.raises(WrongCode):
            prove(HANAKO, another(code))
    assert prove(HANAKO, code) == account_of(HANAKO)


def test_after_five_wrong_codes_even_the_right_one_is_refused(app: Flask) -> None:
    ask_code(HANAKO)
    code = given.mailed_code(HANAKO)
    for _ in range(TRIES):
        with pytest.raises(WrongCode):
            prove(HANAKO, another(code))
    with pytest.raises(CodeExpired):
        prove(HANAKO, code)
    assert count(Account) == 0


def test_guessing_at_once_is_counted_too(app: Flask) -> None:
    ask_code(HANAKO)
    wrong = another(given.mailed_code(HANAKO))
    outcomes = at_once(app, 12, lambda _: prove(HANAKO, wrong))
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["CodeExpired"] * (12 - TRIES) + ["WrongCode"] * TRIES


def test_a_code_is_good_for_fifteen_minutes(app: Flask) -> None:
    ask_code(HANAKO)
    code = given.mailed_code(HANAKO)
    with pretending(now() + VALID_FOR), pytest.raises(CodeExpired):
        prove(HANAKO, code)
    with pretending(now() + VALID_FOR - timedelta(seconds=30)):
        assert prove(HANAKO, code) == account_of(HANAKO)


def test_a_new_code_replaces_the_one_before(app: Flask) -> None:
    ask_code(HANAKO)
    first = given.mailed_code(HANAKO)
    ask_code(HANAKO)
    second = given.mailed_code(HANAKO)
    if first != second:  # once in a million they are the same, and that is all right
        with pytest.raises(WrongCode):
            prove(HANAKO, first)
    assert prove(HANAKO, second) == account_of(HANAKO)


def test_one_persons_code_is_not_anothers(app: Flask) -> None:
    ask_code(HANAKO)
    ask_code("taro@example.jp")
    taros = given.mailed_code("taro@example.jp")
    if taros != given.mailed_code(HANAKO):
        with pytest.raises(WrongCode):
            prove(HANAKO, taros)
    with pytest.raises(CodeExpired):
        prove("jiro@example.jp", taros)


def test_the_link_signs_in_once_and_leads_where_the_person_wanted_to_go(app: Flask) -> None:
    ask_code(HANAKO, "/listings/LST-TEST")
    link = token()
    assert redeem(link) == (account_of(HANAKO), "/listings/LST-TEST")
    with pytest.raises(CodeExpired):
        redeem(link)


def test_code_and_link_are_one_key(app: Flask) -> None:
    ask_code(HANAKO)
    code = given.mailed_code(HANAKO)
    redeem(token())
    with pytest.raises(CodeExpired):
        prove(HANAKO, code)


def test_a_link_that_is_old_or_made_up_opens_nothing(app: Flask) -> None:
    ask_code(HANAKO)
    with pytest.raises(CodeExpired):
        redeem("made-up")
    with pretending(now() + VALID_FOR), pytest.raises(CodeExpired):
        redeem(token())
    assert count(Account) == 0


def test_of_two_provers_at_once_one_comes_in(app: Flask) -> None:
    ask_code(HANAKO)
    code = given.mailed_code(HANAKO)
    outcomes = at_once(app, 2, lambda _: prove(HANAKO, code))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CodeExpired", "int"]


def test_of_a_code_and_its_link_at_once_one_comes_in(app: Flask) -> None:
    ask_code(HANAKO)
    code, link = given.mailed_code(HANAKO), token()
    outcomes = at_once(app, 2, lambda number: prove(HANAKO, code) if number else redeem(link)[0])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CodeExpired", "int"]


def test_first_sign_ins_at_once_make_one_account(app: Flask) -> None:
    outcomes = at_once(app, 8, lambda _: account_of(HANAKO))
    assert (set(outcomes), count(Account)) == ({account_of(HANAKO)}, 1)


def test_one_address_is_mailed_five_times_in_a_quarter_of_an_hour(app: Flask) -> None:
    for _ in range(ASKS):
        ask_code(HANAKO)
    with pytest.raises(TooManyCodes) as refusal:
        ask_code(HANAKO)
    assert (refusal.value.status, refusal.value.field, count(Notice)) == (429, "email", ASKS)
    assert ask_code("taro@example.jp") == "taro@example.jp"
    with pretending(now() + VALID_FOR):
        assert ask_code(HANAKO) == HANAKO


def test_asking_makes_no_account_and_says_nothing_of_who_has_one(app: Flask) -> None:
    given.an_account(HANAKO)
    assert (ask_code(HANAKO), ask_code("taro@example.jp")) == (HANAKO, "taro@example.jp")
    assert count(Account) == 1


def test_neither_code_nor_link_is_kept_as_it_was_mailed(app: Flask) -> None:
    ask_code(HANAKO)
    row = db.session.scalars(sa.select(SignInCode)).one()
    kept = {row.code_hash, row.link_hash}
    assert kept & {given.mailed_code(HANAKO), token()} == set()
    assert [message.body for message in db.session.scalars(sa.select(Message))] == [{"notice_id": 1}]


def test_two_people_have_two_custody_names_that_say_nothing_of_them(app: Flask) -> None:
    people = [get(Account, given.an_account(email)) for email in (HANAKO, "taro@example.jp")]
    assert len({person.custody_id for person in people}) == 2
    assert [len(bytes.fromhex(person.custody_id)) for person in people] == [32, 32]
