"""Another mail address for who lost the old mailbox: two of the office, time to object, and the new mailbox."""

from __future__ import annotations

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
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import NotAllowed, WrongState
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from tests import given
from tests.accounts.readdressed import DAY, NEW, OLD, PATH, email_of, letters, link, the_states, vouched
from tests.pages import read, submit


@pytest.fixture
def hanako(app: Flask) -> int:
    return given.an_account(OLD)


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
    own = sa.select(Entry.event).where(Entry.subject == f"account:{get(Account, hanako).code}").order_by(Entry.id)
    events = [event for event in db.session.scalars(own) if event != "look"]
    assert events == ["change_address", "end_sign_ins"]
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


def test_what_was_asked_from_the_old_mailbox_makes_way_for_the_office(hanako: int) -> None:
    readdressing.ask(hanako, "else@example.jp")
    vouching_address.ask(hanako, NEW, given.staff("treasury"), "窓口で免許証を見た")
    assert the_states() == [AddressChangeState.WITHDRAWN, AddressChangeState.ASKED]


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


def test_who_calls_and_knows_the_former_address_alone_is_found(app: Flask, hanako: int) -> None:
    order = get(Order, place(hanako, given.a_listing(state="open"))).code
    given.readdressed(hanako, NEW)
    clerk = given.signed_in(app.test_client(), given.staff("treasury"))
    for email in (OLD, NEW, OLD.title(), "ｈａｎａｋｏ＠ｏｌｄ．ｅｘａｍｐｌｅ．ｊｐ"):
        assert f"/staff/orders/{order}" in read(clerk.get(f"/staff/orders?q={email}")).links
        assert clerk.get(f"/staff/addresses?q={email}").location == f"/staff/addresses/{get(Account, hanako).code}"
    assert clerk.get("/staff/addresses?q=nobody@example.jp").status_code == 200
