from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import signing_out
from marketplace.accounts.models import Account, SignIn
from marketplace.accounts.rules import device_of
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from tests import given
from tests.pages import read, submit
from tests.test_plans import recorded, scanned

HANAKO = "hanako@example.jp"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/26.1 Mobile/15E148 Safari/604.1"
)


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that the database gets."""
    heard: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.upper().startswith(("SELECT", "UPDATE", "INSERT", "DELETE")):
            heard.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", hear)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (IPHONE, "iPhoneのSafari"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36 Edg/142.0", "WindowsのEdge"),
        ("Mozilla/5.0 (Linux; Android 16; K) Chrome/142.0.0.0 Mobile Safari/537.36", "AndroidのChrome"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0", "MacのFirefox"),
        ("curl/8.5.0", "わからない端末"),
        ("", "わからない端末"),
    ],
)
def test_of_a_browser_only_its_kind_is_known(agent: str, device: str) -> None:
    assert device_of(agent) == device


def signed_in_by_code(client: FlaskClient, agent: str = IPHONE) -> None:
    client.environ_base["HTTP_USER_AGENT"] = agent
    submit(client, "/signin", {"email": HANAKO}, action="/signin")
    assert submit(client, "/signin/code", {"code": given.mailed_code(HANAKO)}).status_code == 303


def test_each_browser_is_listed_and_signed_out_alone(app: Flask) -> None:
    phone, library = app.test_client(), app.test_client()
    signed_in_by_code(phone)
    signed_in_by_code(library, "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0.0.0 Safari/537.36")
    page = read(phone.get("/account/devices"))
    assert ("iPhoneのSafari" in page.words, "WindowsのChrome" in page.words) == (True, True)
    (other,) = [form.action for form in page.forms if form.action.endswith("/end")]
    assert submit(phone, "/account/devices", action=other).location == "/account/devices"
    assert library.get("/mypage").location == "/signin?next=/mypage"
    page = read(phone.get("/account/devices"))
    assert "その端末をログアウトしました。" in page.words
    assert [form.action for form in page.forms if "/devices/" in form.action] == []


def test_who_signs_in_again_in_one_browser_leaves_no_sign_in_behind(app: Flask, client: FlaskClient) -> None:
    for _ in range(2):
        signed_in_by_code(client)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 1


def test_all_others_are_signed_out_at_once(app: Flask) -> None:
    clients = [app.test_client() for _ in range(4)]
    for client in clients:
        signed_in_by_code(client)
    submit(clients[0], "/account/devices", action="/account/devices/end-others")
    assert [client.get("/account").status_code for client in clients] == [200, 303, 303, 303]
    entry = db.session.scalars(sa.select(Entry).where(Entry.event == "end_sign_ins")).one()
    assert entry.details == {"count": 3}


def test_nobody_ends_the_sign_in_of_somebody_else(app: Flask, client: FlaskClient) -> None:
    taro = app.test_client()
    given.signed_in(taro, given.an_account("taro@example.jp"))
    his = db.session.scalars(sa.select(SignIn.id)).one()
    given.signed_in(client, given.an_account(HANAKO))
    page = read(client.get("/account/devices"))
    assert [form.action for form in page.forms if "/devices/" in form.action] == []
    token = page.form("/signout").value("csrf_token")
    assert client.post(f"/account/devices/{his}/end", data={"csrf_token": token}).status_code == 303
    assert taro.get("/account").status_code == 200


def test_a_copy_of_the_cookie_is_worth_nothing_after_the_sign_out(app: Flask, client: FlaskClient) -> None:
    account_id = given.an_account(HANAKO)
    given.signed_in(client, account_id)
    cookie = client.get_cookie("hiroba")
    assert cookie is not None
    submit(client, "/account", action="/signout")
    thief = app.test_client()
    thief.set_cookie("hiroba", cookie.value)
    assert thief.get("/account").status_code == 303
    assert thief.get("/mypage").status_code == 303


def test_a_cookie_that_only_names_an_account_is_nobody(app: Flask, client: FlaskClient) -> None:
    with client.session_transaction() as session:
        session["account_id"] = given.an_account(HANAKO)
    assert client.get("/account").status_code == 303


def test_a_sign_in_ends_by_itself(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.an_account(HANAKO))
    start = now()
    with pretending(start + signing_out.LASTS - timedelta(hours=1)):
        assert client.get("/account").status_code == 200
    with pretending(start + signing_out.LASTS + timedelta(minutes=1)):
        assert client.get("/account").status_code == 303


def test_of_the_last_visit_only_the_hour_is_kept(app: Flask, client: FlaskClient) -> None:
    start = now().replace(minute=10)
    with pretending(start):
        given.signed_in(client, given.an_account(HANAKO))
    for later in (timedelta(minutes=49), timedelta(hours=5, minutes=3)):
        with pretending(start + later):
            client.get("/fund")
            client.get("/account")
    row = db.session.scalars(sa.select(SignIn)).one()
    assert row.seen_at == (start + timedelta(hours=5)).replace(minute=0, second=0, microsecond=0)


def test_the_check_is_one_look_that_brings_the_account_too(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.an_account(HANAKO))
    with counted(app) as heard:
        assert client.get("/account/phone").status_code == 200
    assert len([each for each in heard if "sign_ins" in each or "accounts" in each]) == 1
    assert "JOIN accounts" in heard[0]


def test_the_look_uses_the_index(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.an_account(HANAKO))
    with recorded() as statements:
        assert client.get("/account/phone").status_code == 200
    assert (["sign_ins" in each for each, _ in statements].count(True), scanned(statements)) == (1, set())


def test_an_administrator_signs_a_lost_tablet_out(app: Flask, client: FlaskClient) -> None:
    tablet, clerk = app.test_client(), given.staff("counter")
    given.signed_in(tablet, clerk)
    assert tablet.get("/staff").status_code == 200
    given.signed_in(client, given.staff("admin"))
    path = f"/staff/people/{get(Account, clerk).code}"
    assert submit(client, path, action=f"{path}/sign-out").location == path
    assert tablet.get("/staff").status_code == 303
