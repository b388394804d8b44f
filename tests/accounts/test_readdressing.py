"""Another mail address for the same person: by themselves, or by the office for who lost the old mailbox."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import erasing, readdressing, vouching_address
from marketplace.accounts.address_models import AddressChange, AddressChangeState
from marketplace.accounts.joining import OutsideIdentity
from marketplace.accounts.models import Account, Passkey
from marketplace.accounts.recovering import AnotherPerson
from marketplace.accounts.signing_in import CodeExpired, TooManyCodes, WrongCode, account_of, ask_code, prove
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import NotAllowed, WrongState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.privacy.exporting import owners
from tests import given
from tests.pages import read, send, submit
from tests.racing import at_once

OLD, NEW = "hanako@old.example.jp", "hanako@new.example.jp"
PATH = "/account/address"
DAY = timedelta(hours=25)


@pytest.fixture
def hanako(app: Flask) -> int:
    return given.an_account(OLD)


def code(email: str) -> str:
    """The six digits of the newest letter about a change to `email`."""
    letters = sa.select(Notice.subject).where(Notice.to_email == email, Notice.template.startswith("address_code"))
    subject = db.session.scalars(letters.order_by(Notice.id.desc())).first()
    assert subject is not None
    return str(re.findall(r"[0-9]{6}", subject)[0])


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def link() -> str:
    """The path of the newest link that the office had sent."""
    letters = sa.select(Notice.body).where(Notice.template == "address_link").order_by(Notice.id.desc())
    body = db.session.scalars(letters).first()
    assert body is not None
    found = re.search(r"/signin/address/\S+", body)
    assert found is not None
    return found.group()


def letters(email: str) -> list[str]:
    to = sa.select(Notice.template).where(Notice.to_email == email, Notice.template.startswith("address_"))
    return list(db.session.scalars(to.order_by(Notice.id)))


def email_of(account_id: int) -> str:
    db.session.rollback()
    return get(Account, account_id).email


def the_states() -> list[AddressChangeState]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AddressChange.state).order_by(AddressChange.id)))


def vouched(account_id: int, email: str = NEW) -> int:
    """Two of the office have made sure of the person; the change's id."""
    change = vouching_address.ask(account_id, email, given.staff("treasury"), "窓口で免許証を見た")
    vouching_address.confirm(change, given.staff("approver"))
    return change


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


def test_two_of_the_office_time_and_the_new_mailbox_help_who_lost_the_old_one(
    app: Flask, client: FlaskClient, hanako: int
) -> None:
    treasury, approver = given.staff("treasury"), given.staff("approver")
    thief = given.signed_in(app.test_client(), hanako)
    first, second = (given.signed_in(app.test_client(), each) for each in (treasury, approver))
    path = f"/staff/addresses/{get(Account, hanako).code}"
    assert first.get(f"/staff/addresses?q={OLD}").location == path
    submit(first, path, {"email": NEW, "why": "窓口で免許証を見た"})
    change = db.session.scalars(sa.select(AddressChange)).one()
    confirm = f"/staff/addresses/changes/{change.id}/confirm"
    assert (letters(OLD), letters(NEW)) == (["address_asked"], [])
    assert confirm not in [form.action for form in read(first.get(path)).forms]
    assert "メールアドレスの付けかえ" in second.get("/staff").text
    assert submit(second, path, action=confirm).location == path

    assert ([form.action for form in read(client.get(link())).forms if form.method == "post"], email_of(hanako)) == (
        [],
        OLD,
    )
    with pytest.raises(vouching_address.NotOpenYet):
        vouching_address.redeem(link().rpartition("/")[2])
    with pretending(now() + DAY):
        assert client.get(link()).status_code == 200
        assert submit(client, link()).location == "/mypage"
        assert email_of(hanako) == NEW
        assert client.get("/account").status_code == 200
        assert thief.get("/account").location == "/signin?next=/account"
        with pytest.raises(vouching_address.AddressLinkOver):
            vouching_address.redeem(link().rpartition("/")[2])
    entries = db.session.scalars(sa.select(Entry).where(Entry.subject == change.subject).order_by(Entry.id))
    by = [f"staff:{get(Account, treasury).code}", f"staff:{get(Account, approver).code}"]
    assert [(each.event, each.by) for each in entries] == [
        ("ask_address", by[0]),
        ("confirm_address", by[1]),
        ("change_address", f"buyer:{get(Account, hanako).code}"),
    ]
    said = db.session.scalars(sa.select(Entry.details).where(Entry.event.endswith("_address")))
    assert [each for each in map(str, said) if "@" in each or "免許証" in each] == []


def test_who_still_reads_the_old_mailbox_stops_it(client: FlaskClient, hanako: int) -> None:
    vouched(hanako)
    given.signed_in(client, hanako)
    assert NEW in read(client.get(PATH)).words
    submit(client, PATH, {}, action=f"{PATH}/stop")
    assert the_states() == [AddressChangeState.WITHDRAWN]
    with pretending(now() + DAY), pytest.raises(vouching_address.AddressLinkOver):
        vouching_address.redeem(link().rpartition("/")[2])
    with pretending(now() + DAY):
        page = read(client.get(link()))
    assert ("すでに使われたか、取りやめになったか" in page.words, NEW in page.words) == (True, False)
    assert email_of(hanako) == OLD


def test_what_somebody_left_who_read_the_lost_mailbox_lets_nobody_in_afterwards(hanako: int) -> None:
    key = {"credential_id": "a", "public_key": b"x", "name": "a telephone", "registered_at": now(), "sign_count": 0}
    elsewhere = {"issuer": "https://id.example.jp", "subject": "somebody", "joined_at": now()}
    with transaction() as session:
        session.add(Passkey(account_id=hanako, **key))
        session.add(OutsideIdentity(account_id=hanako, **elsewhere))
    vouched(hanako)
    with pretending(now() + DAY):
        vouching_address.redeem(link().rpartition("/")[2])
    db.session.rollback()
    ways = sa.select(Passkey.account_id).union_all(sa.select(OutsideIdentity.account_id))
    assert db.session.scalars(ways).all() == []


def test_one_colleague_alone_is_not_enough(hanako: int) -> None:
    treasury = given.staff("treasury")
    change = vouching_address.ask(hanako, NEW, treasury, "電話で話した")
    with pytest.raises(AnotherPerson):
        vouching_address.confirm(change, treasury)
    for role in ("counter", "auditor", "drafter", "admin"):
        with pytest.raises(NotAllowed):
            vouching_address.confirm(change, given.staff(role))
    with pytest.raises(sa.exc.IntegrityError, match="two_persons"):
        written(state="sent", link_hash="x", opens_at=now(), confirmed_by=treasury)
    with pytest.raises(sa.exc.IntegrityError, match="confirmed_first"):
        written(state="done", done_at=now())
    with pytest.raises(vouching_address.UnderWay):
        vouching_address.ask(hanako, "else@example.jp", given.staff("approver"), "電話で話した")
    vouching_address.withdraw(change, given.staff("approver"))
    with pytest.raises(WrongState):
        vouching_address.confirm(change, given.staff("approver"))


def written(**values: object) -> None:
    """As a mistake in our code would write it."""
    with transaction() as session:
        session.execute(sa.update(AddressChange).values(**values))


def test_what_nobody_answers_ends_by_itself_and_what_came_to_nothing_is_erased(hanako: int) -> None:
    vouched(hanako)
    with pretending(now() + timedelta(days=9)):
        with pytest.raises(vouching_address.AddressLinkOver):
            vouching_address.redeem(link().rpartition("/")[2])
        vouching_address.expire_due()
        assert the_states() == [AddressChangeState.EXPIRED]
        with transaction():
            erasing.erase()
        assert the_states() == []


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


def test_who_calls_and_knows_the_former_address_alone_is_found(app: Flask, hanako: int) -> None:
    order = get(Order, place(hanako, given.a_listing(state="open"))).code
    given.readdressed(hanako, NEW)
    clerk = given.signed_in(app.test_client(), given.staff("treasury"))
    for email in (OLD, NEW, OLD.title(), "ｈａｎａｋｏ＠ｏｌｄ．ｅｘａｍｐｌｅ．ｊｐ"):
        assert f"/staff/orders/{order}" in read(clerk.get(f"/staff/orders?q={email}")).links
        assert clerk.get(f"/staff/addresses?q={email}").location == f"/staff/addresses/{get(Account, hanako).code}"


def told(account_id: int) -> list[str]:
    """The templates of the letters in the person's own export."""
    theirs = owners(get(Account, account_id))["notices"]
    return list(db.session.scalars(sa.select(Notice.template).where(theirs).order_by(Notice.id)))
