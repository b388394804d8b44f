"""The way in: no sign that somebody else planted, no word about who is known, no guessing in peace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from marketplace.accounts.session import open_sign_in
from marketplace.kit.db import db
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.faults import FAULTS
from tests.pages import read, submit

HANAKO, TARO = "hanako@example.jp", "taro@example.jp"


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("hiroba")
    return found.value if found else ""


def planted(client: FlaskClient, value: str) -> None:
    client.set_cookie("hiroba", value)


def enter(client: FlaskClient, email: str = HANAKO) -> TestResponse:
    submit(client, "/signin", {"email": email}, action="/signin")
    return submit(client, "/signin/code", {"code": given.mailed_code(email)})


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked in the block."""
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(db.engine, "before_cursor_execute", note)


def test_a_cookie_from_before_the_sign_in_is_worth_nothing_after_it(app: Flask, client: FlaskClient) -> None:
    """Session fixation: somebody plants their own visit in a browser and waits until its owner signs in."""
    attacker, victim = app.test_client(), client
    submit(attacker, "/signin", {"email": HANAKO}, action="/signin")
    before = cookie(attacker)
    planted(victim, before)
    enter(victim)
    assert (is_in(victim), is_in(attacker)) == (True, False)
    planted(attacker, before)
    assert not is_in(attacker)
    assert cookie(victim) != before


def test_the_token_of_forms_is_a_new_one_after_the_sign_in_and_after_leaving(client: FlaskClient) -> None:
    old = read(client.get("/signin")).form("/signin").value("csrf_token")
    enter(client)
    assert client.post("/account", data={"nickname": "x", "csrf_token": old}).status_code == 400
    mine = read(client.get("/account")).form("/account").value("csrf_token")
    submit(client, "/account", action="/signout")
    enter(client)
    assert client.post("/account", data={"nickname": "x", "csrf_token": mine}).status_code == 400


def test_a_second_sign_in_in_one_browser_ends_the_first(app: Flask, client: FlaskClient) -> None:
    enter(client)
    first, other = cookie(client), app.test_client()
    enter(client, TARO)
    planted(other, first)
    assert (is_in(client), is_in(other)) == (True, False)


def test_each_sign_in_has_a_key_of_its_own(app: Flask) -> None:
    account_id = given.an_account(HANAKO)
    keys = {str(open_sign_in(account_id)["key"]) for _ in range(50)}
    assert (len(keys), min(map(len, keys)) >= 32) == (50, True)


def test_a_cookie_that_others_signed_or_changed_is_nobody(app: Flask, client: FlaskClient, settings: Settings) -> None:
    real = given.a_cookie(app, given.an_account(HANAKO))
    with another(settings.model_copy(update={"secret_key": type(settings.secret_key)("another town's")})) as other:
        foreign = given.a_cookie(other, given.an_account(HANAKO))
    unsigned = URLSafeTimedSerializer("", salt="cookie-session").dumps({"account_id": 1})
    head, _, rest = real.partition(".")
    for value in (foreign, str(unsigned), f"{head[:-1]}A.{rest}", real[:-2], "", "x" * 4_000):
        planted(client, value)
        assert not is_in(client)
    planted(client, real)
    assert is_in(client)


def test_known_and_unknown_addresses_get_the_same_answer_for_the_same_work(app: Flask) -> None:
    """Neither the words nor the time tell whether somebody has an account here."""
    given.an_account(HANAKO)
    given.staff("approver", email=TARO)
    seen = {}
    for email in (HANAKO, TARO, "nobody@example.jp"):
        client = app.test_client()
        client.get("/signin")
        with statements() as asked:
            answer = submit(client, "/signin", {"email": email}, action="/signin")
            page = client.get("/signin/code")
        wrong = f"{(int(given.mailed_code(email)) + 1) % 1_000_000:06}"
        with statements() as checked:
            refused = submit(client, "/signin/code", {"code": wrong})
        said = [text.replace(email, "…") for text in (read(page).words, read(refused).words)]
        seen[email] = (answer.status_code, answer.location, refused.status_code, said, asked, checked)
    assert seen[HANAKO] == seen[TARO] == seen["nobody@example.jp"]


def test_what_belongs_to_others_is_as_if_it_were_not_there(app: Flask, client: FlaskClient) -> None:
    place(given.an_account(HANAKO), given.a_listing())
    code = db.session.scalars(sa.select(Order.code)).one()
    given.signed_in(client, given.an_account(TARO))
    theirs, nobodys = client.get(f"/orders/{code}"), client.get("/orders/ORD-NOTHERE")
    assert theirs.text.replace(code, "ORD-NOTHERE") == nobodys.text
    assert (theirs.status_code, nobodys.status_code) == (404, 404)


@pytest.mark.parametrize(
    ("path", "most", "form"),
    [
        ("/signin", 10, {"email": "hanako"}),
        ("/signin/code", 10, {"code": "000000"}),
        ("/signin/link/made-up", 10, {}),
        ("/signin/recovery/made-up", 10, {}),
        ("/signin/passkey", 30, {}),
        ("/counter/", 30, {"partner": "P", "pin": "000000"}),
    ],
)
def test_guessing_is_stopped(app: Flask, client: FlaskClient, path: str, most: int, form: dict[str, str]) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    statuses = [client.post(path, data=form).status_code for _ in range(most + 1)]
    assert 429 not in statuses[:10]
    assert statuses[-1] == 429


def test_nobody_escapes_the_count_by_saying_where_they_come_from(client: FlaskClient) -> None:
    answers = [
        client.post("/signin", data={}, headers={"X-Forwarded-For": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}"})
        for n in range(11)
    ]
    assert {answer.status_code for answer in answers} == {400}  # without a token nothing is counted yet
    told = [
        submit_from(client, {"X-Forwarded-For": f"10.0.0.{n}", "X-Real-IP": f"10.0.0.{n}"}).status_code
        for n in range(11)
    ]
    assert told == [422] * 10 + [429]


class TestBehindTwoProxies:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"trusted_proxies": 2})

    def test_visitors_are_counted_by_the_address_that_our_own_proxy_saw(self, client: FlaskClient) -> None:
        """Whatever a visitor writes in front of it."""
        told = [
            submit_from(client, {"X-Forwarded-For": f"1.1.1.{n}, 203.0.113.7, 10.0.0.1"}).status_code for n in range(11)
        ]
        assert told == [422] * 10 + [429]
        assert submit_from(client, {"X-Forwarded-For": "203.0.113.8, 10.0.0.1"}).status_code == 422

    def test_a_household_with_a_million_addresses_is_one_visitor(self, client: FlaskClient) -> None:
        told = [submit_from(client, {"X-Forwarded-For": f"2001:db8::{n}:1, 10.0.0.1"}).status_code for n in range(11)]
        assert told == [422] * 10 + [429]
        mapped = ("::ffff:203.0.113.9", "203.0.113.9")
        told = [submit_from(client, {"X-Forwarded-For": f"{mapped[n % 2]}, 10.0.0.1"}).status_code for n in range(11)]
        assert told == [422] * 10 + [429]
        assert submit_from(client, {"X-Forwarded-For": "2001:db8:0:1::1, 10.0.0.1"}).status_code == 422


def submit_from(client: FlaskClient, headers: dict[str, str]) -> TestResponse:
    token = read(client.get("/signin")).form("/signin").value("csrf_token")
    return client.post("/signin", data={"email": "hanako", "csrf_token": token}, headers=headers)


def test_the_key_of_sessions_is_not_empty_where_anybody_can_sign_in(settings: Settings) -> None:
    with another(settings.model_copy(update={"secret_key": type(settings.secret_key)("")})) as app:
        app.testing = False
        app.config["PROPAGATE_EXCEPTIONS"] = False
        assert app.secret_key is None
        assert app.test_client().get("/signin").status_code == 500
    assert FAULTS.take() == ["failure at GET /signin"]
