from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import recovering
from marketplace.accounts.models import Account, Passkey, Recovery, RecoveryState
from marketplace.accounts.recovering import ask, confirm, redeem, withdraw
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import NotAllowed, WrongState
from marketplace.notices.models import Notice
from marketplace.settings import Settings
from tests import given
from tests.accounts.test_passkeys import SITE, posted, registered
from tests.apps import another
from tests.authenticator import Authenticator
from tests.pages import read, submit
from tests.racing import at_once


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"base_url": SITE})


def lost() -> int:
    """A drafter whose device is gone."""
    clerk = given.staff("drafter")
    registered(Authenticator(SITE), clerk)
    return clerk


def link() -> str:
    """The path of the newest recovery link."""
    letters = sa.select(Notice).where(Notice.template == "recovery_link").order_by(Notice.id.desc())
    letter = db.session.scalars(letters).first()
    assert letter is not None
    return next(line for line in letter.body.splitlines() if line.startswith(SITE)).removeprefix(SITE)


def token() -> str:
    return link().rpartition("/")[2]


def test_two_colleagues_open_the_way_to_a_new_passkey(app: Flask, client: FlaskClient) -> None:
    clerk, approver, treasury = lost(), given.staff("approver"), given.staff("treasury")
    path = f"/staff/people/{get(Account, clerk).code}"
    first, second = (given.signed_in(app.test_client(), each) for each in (approver, treasury))
    assert submit(first, path, action=f"{path}/recovery").location == path
    assert [form.action for form in read(first.get(path)).forms if form.action.endswith("/confirm")] == []
    recovery = db.session.scalars(sa.select(Recovery)).one()
    assert "パスキーの登録し直し" in second.get("/staff").text
    submit(second, path, action=f"/staff/people/recoveries/{recovery.id}/confirm")

    assert client.get(link()).status_code == 200
    assert submit(client, link()).location == "/account/passkeys"
    assert client.get("/staff").location == "/signin?next=/staff&passkey=1"
    device = Authenticator(SITE)
    assert posted(client, "/account/passkeys", "/account/passkeys", device).location == "/account/passkeys"
    assert client.get("/staff").status_code == 200
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Passkey)) == 1

    db.session.expire_all()
    entries = db.session.scalars(sa.select(Entry).where(Entry.subject == recovery.subject).order_by(Entry.id))
    assert [(entry.event, entry.by) for entry in entries] == [
        (event, f"staff:{get(Account, each).code}")
        for event, each in (("ask_recovery", approver), ("confirm_recovery", treasury), ("use_recovery", clerk))
    ]
    told = db.session.scalars(
        sa.select(Notice.template).where(Notice.to_email == get(Account, clerk).email).order_by(Notice.id)
    )
    assert list(told) == ["passkey_changed", "recovery_asked", "recovery_link", "passkey_changed"]


def test_neither_oneself_nor_one_person_alone_is_enough(app: Flask) -> None:
    clerk, approver = lost(), given.staff("approver")
    with pytest.raises(recovering.AnotherPerson):
        ask(clerk, clerk)
    recovery_id = ask(clerk, approver)
    for alone in (clerk, approver):
        with pytest.raises(recovering.AnotherPerson):
            confirm(recovery_id, alone)
    with pytest.raises(sa.exc.IntegrityError):
        confirmed_by(approver)


def confirmed_by(alone: int) -> None:
    """As a mistake in our code would write it."""
    with transaction() as session:
        session.execute(sa.update(Recovery).values(state="sent", link_hash="x", confirmed_by=alone))


@pytest.mark.parametrize("role", ["auditor", "counter"])
def test_auditors_and_the_counter_vouch_for_nobody(app: Flask, role: str) -> None:
    clerk = lost()
    with pytest.raises(NotAllowed):
        ask(clerk, given.staff(role))
    recovery_id = ask(clerk, given.staff("approver"))
    with pytest.raises(NotAllowed):
        confirm(recovery_id, given.staff(role))


def test_buyers_have_no_such_way(app: Flask) -> None:
    with pytest.raises(NotAllowed):
        ask(given.an_account(), given.staff("approver"))


def test_the_link_works_once_and_for_a_day(app: Flask, client: FlaskClient) -> None:
    clerk = lost()
    confirm(ask(clerk, given.staff("approver")), given.staff("treasury"))
    with pretending(now() + timedelta(hours=25)), pytest.raises(recovering.LinkUsed):
        redeem(token())
    outcomes = at_once(app, 3, lambda _: redeem(token()))
    assert sorted(str(each) if isinstance(each, int) else type(each).__name__ for each in outcomes) == [
        str(clerk),
        "LinkUsed",
        "LinkUsed",
    ]
    answer = submit(client, link()) if "form" in client.get(link()).text else client.get(link())
    assert (answer.status_code, "使えなくなりました" in answer.text) == (409, True)


def test_it_can_be_stopped_by_whoever_lost_nothing(app: Flask) -> None:
    clerk = lost()
    recovery_id = ask(clerk, given.staff("approver"))
    confirm(recovery_id, given.staff("treasury"))
    assert recovering.waiting() == []
    withdraw(recovery_id, clerk)
    with pytest.raises(recovering.LinkUsed):
        redeem(token())
    with pytest.raises(WrongState):
        withdraw(recovery_id, clerk)


def test_one_at_a_time_and_a_forgotten_one_makes_way(app: Flask) -> None:
    clerk, approver, treasury = lost(), given.staff("approver"), given.staff("treasury")
    first = ask(clerk, approver)
    with pytest.raises(recovering.UnderWay):
        ask(clerk, treasury)
    assert [each.id for each in recovering.waiting()] == [first]
    with pretending(now() + timedelta(hours=25)):
        assert recovering.waiting() == []
        with pytest.raises(recovering.LinkUsed):
            confirm(first, treasury)
        ask(clerk, treasury)
        assert get(Recovery, first).state == RecoveryState.EXPIRED


class TestTheDesk:
    def test_staff_with_a_passkey_come_in_by_it_alone(self, app: Flask, client: FlaskClient) -> None:
        clerk, device = given.staff("drafter"), Authenticator(SITE)
        given.signed_in(client, clerk)
        assert client.get("/staff").status_code == 200
        registered(device, clerk)
        door = "/signin?next=/staff/listings&passkey=1"
        assert client.get("/staff/listings").location == door
        assert "登録したパスキーでログインすると開きます" in read(client.get(door)).words
        assert client.get("/account").status_code == 200
        assert client.get("/account/passkeys").location == "/signin?next=/account/passkeys&passkey=1"
        answer = posted(client, "/signin/passkey", "/signin?next=/staff&passkey=1", device, next="/staff")
        assert answer.location == "/staff"
        assert client.get("/staff").status_code == 200
        assert "最後の1つなので、消せません。" in read(client.get("/account/passkeys")).words

    def test_a_town_may_require_a_passkey(self, app: Flask, settings: Settings) -> None:
        with another(settings.model_copy(update={"staff_passkeys": "required"})) as app:
            client = given.signed_in(app.test_client(), given.staff("drafter"))
            assert client.get("/staff").location == "/account/passkeys"
            posted(client, "/account/passkeys", "/account/passkeys", Authenticator(SITE))
            assert client.get("/staff").status_code == 200

    def test_a_site_without_a_name_cannot_require_them(self) -> None:
        with pytest.raises(ValueError, match="STAFF_PASSKEYS"):
            Settings(base_url="http://127.0.0.1:8000", staff_passkeys="required")
