"""Another mail address for the same person, who reads the old mailbox and the new one."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import readdressing, vouching_address
from marketplace.accounts.address_models import AddressChangeState
from marketplace.accounts.models import Account
from marketplace.accounts.signing_in import CodeExpired, TooManyCodes, WrongCode, account_of, ask_code, prove
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from marketplace.privacy.exporting import owners
from marketplace.privacy.forgetting import forget
from tests import given
from tests.accounts.readdressed import NEW, OLD, PATH, another, code, email_of, letters, the_states
from tests.pages import read, send, submit
from tests.racing import at_once


@pytest.fixture
def hanako(app: Flask) -> int:
    return given.an_account(OLD)


def test_who_reads_both_mailboxes_changes_the_address_and_stays_the_same_person(
    app: Flask, client: FlaskClient, hanako: int
) -> None:
    given.signed_in(client, hanako)
    elsewhere = given.signed_in(app.test_client(), hanako)
    assert PATH in read(client.get("/account")).links
    assert submit(client, PATH, {"email": "ＨＡＮＡＫＯ＠new.example.jp"}).location == PATH
    assert email_of(hanako) == OLD
    form = read(client.get(PATH)).form(f"{PATH}/codes")
    wide = code(OLD).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert send(client, form, {"old_code": wide, "new_code": code(NEW)}).location == "/account"
    assert (email_of(hanako), NEW in read(client.get("/account")).words) == (NEW, True)
    assert elsewhere.get("/account").location == "/signin?next=/account"
    assert (letters(OLD), letters(NEW)) == (
        ["address_code_old", "address_changed"],
        ["address_code_new", "address_changed"],
    )
    ask_code(NEW)
    assert prove(NEW, given.mailed_code(NEW)) == hanako


@pytest.mark.parametrize("wrong", ["old_code", "new_code"])
def test_one_mailbox_alone_is_not_enough(client: FlaskClient, hanako: int, wrong: str) -> None:
    given.signed_in(client, hanako)
    submit(client, PATH, {"email": NEW})
    right = {"old_code": code(OLD), "new_code": code(NEW)}
    answer = send(client, read(client.get(PATH)).form(f"{PATH}/codes"), right | {wrong: another(right[wrong])})
    errors = read(answer).form(f"{PATH}/codes").errors
    assert (answer.status_code, email_of(hanako)) == (422, OLD)
    assert errors == {wrong: "番号が違います。メールの6けたの数字をもう一度お確かめください。"}


def test_guessing_costs_and_codes_end(hanako: int) -> None:
    readdressing.ask(hanako, NEW)
    for _ in range(readdressing.TRIES):
        with pytest.raises(WrongCode):
            readdressing.prove(hanako, another(code(OLD)), code(NEW), keep=0)
    with pytest.raises(CodeExpired):
        readdressing.prove(hanako, code(OLD), code(NEW), keep=0)
    readdressing.ask(hanako, NEW)
    with pretending(now() + timedelta(minutes=16)), pytest.raises(CodeExpired):
        readdressing.prove(hanako, code(OLD), code(NEW), keep=0)


def test_a_slip_is_asked_about_and_mended_before_anything_changes(client: FlaskClient, hanako: int) -> None:
    given.signed_in(client, hanako)
    answer = submit(client, PATH, {"email": "hanako@gmial.com"})
    form = read(answer).form(PATH)
    assert (answer.status_code, form.value("email"), the_states()) == (422, "hanako@gmial.com", [])
    send(client, form)
    assert the_states() == [AddressChangeState.ASKED]
    submit(client, PATH, {"email": NEW})
    assert the_states() == [AddressChangeState.WITHDRAWN, AddressChangeState.ASKED]
    submit(client, PATH, {}, action=f"{PATH}/stop")
    assert (the_states()[-1], email_of(hanako)) == (AddressChangeState.WITHDRAWN, OLD)


def test_strangers_get_few_letters(hanako: int) -> None:
    for _ in range(readdressing.A_DAY):
        readdressing.ask(hanako, NEW)
    with pytest.raises(TooManyCodes):
        readdressing.ask(hanako, NEW)


def test_an_address_that_has_an_account_is_refused_to_who_reads_it_and_to_nobody_else(
    client: FlaskClient, hanako: int
) -> None:
    given.signed_in(client, hanako)
    given.an_account(NEW)
    assert submit(client, PATH, {"email": NEW}).status_code == 303
    with pytest.raises(readdressing.AddressTaken):
        readdressing.prove(hanako, code(OLD), code(NEW), keep=0)
    assert (email_of(hanako), the_states()) == (OLD, [AddressChangeState.ASKED])


def test_of_a_change_and_a_first_sign_in_at_the_same_moment_one_has_the_address(app: Flask, hanako: int) -> None:
    readdressing.ask(hanako, NEW)
    codes = code(OLD), code(NEW)

    def act(n: int) -> int:
        if n == 0:
            readdressing.prove(hanako, *codes, keep=0)
            return hanako
        return account_of(NEW)

    outcomes = at_once(app, 2, act)
    assert all(isinstance(each, int | readdressing.AddressTaken) for each in outcomes)
    owner = account_of(NEW)
    assert (email_of(hanako) == NEW) == (owner == hanako)
    assert outcomes[1] == owner


def test_pressed_twice_it_happens_once(app: Flask, hanako: int) -> None:
    readdressing.ask(hanako, NEW)
    codes = code(OLD), code(NEW)
    outcomes = at_once(app, 3, lambda _: readdressing.prove(hanako, *codes, keep=0))
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "NothingAsked", "NothingAsked"]
    assert (letters(OLD), email_of(hanako)) == (["address_code_old", "address_changed"], NEW)


@pytest.mark.parametrize("email", ["somebody@paper.invalid", OLD, "hanako"])
def test_what_is_no_other_mailbox_stays_in_its_box(client: FlaskClient, hanako: int, email: str) -> None:
    given.signed_in(client, hanako)
    answer = submit(client, PATH, {"email": email})
    form = read(answer).form(PATH)
    assert (answer.status_code, form.value("email"), list(form.errors), the_states()) == (422, email, ["email"], [])


def test_colleagues_keep_their_address(client: FlaskClient) -> None:
    clerk = given.staff("drafter")
    given.signed_in(client, clerk)
    assert [form.action for form in read(client.get(PATH)).forms if form.action.startswith(PATH)] == []
    for act in (
        lambda: readdressing.ask(clerk, NEW),
        lambda: vouching_address.ask(clerk, NEW, given.staff("treasury"), "窓口で会った"),
    ):
        with pytest.raises(readdressing.NotForStaff):
            act()


def test_who_came_to_work_here_meanwhile_keeps_the_address_too(hanako: int) -> None:
    readdressing.ask(hanako, NEW)
    given.staff("drafter", email=OLD)
    with pytest.raises(readdressing.NotForStaff):
        readdressing.prove(hanako, code(OLD), code(NEW), keep=0)
    assert email_of(hanako) == OLD


def test_offices_that_hear_of_a_change_after_the_account_was_deleted_have_nothing_to_do(hanako: int) -> None:
    given.moved(hanako, NEW)
    forget(hanako)
    keeping.drain()
    assert (the_states(), keeping.late()) == ([], [])


def test_an_erased_account_leaves_neither_its_former_address_nor_the_letters_to_it(
    client: FlaskClient, hanako: int
) -> None:
    given.readdressed(hanako, NEW)
    stranger = given.an_account(OLD)  # the provider gave the mailbox to somebody else
    ask_code(OLD)
    given.signed_in(client, hanako)
    assert submit(client, "/account/delete", {"sure": "y"}).status_code == 303
    db.session.rollback()
    kept = list(db.session.scalars(sa.select(Notice.template).where(Notice.to_email.in_((OLD, NEW)))))
    assert (kept, the_states(), get(Account, stranger).email) == (["sign_in", "account_forgotten"], [], OLD)


def test_who_got_a_mailbox_after_somebody_is_not_told_of_their_letters(hanako: int) -> None:
    given.readdressed(hanako, NEW)
    stranger = given.an_account(OLD)
    ask_code(OLD)
    assert told(stranger) == ["sign_in"]
    assert told(hanako) == ["address_code_old", "address_code_new", "address_changed", "address_changed"]


def told(account_id: int) -> list[str]:
    """The templates of the letters in the person's own export."""
    theirs = owners(get(Account, account_id))["notices"]
    return list(db.session.scalars(sa.select(Notice.template).where(theirs).order_by(Notice.id)))
