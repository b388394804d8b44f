"""Signing in with an account elsewhere: off by default, joined by the person alone, and every token doubted."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from marketplace.accounts.joining import join, joined, who
from marketplace.accounts.models import Account
from marketplace.accounts.provider import HttpProvider
from marketplace.kit.db import get
from marketplace.kit.refusals import Unavailable
from marketplace.settings import Settings
from tests import given
from tests.accounts.outside_provider import CLIENT, SECRET, Outside, providing, query_of
from tests.holders.stage import refusal
from tests.pages import read, send
from tests.webhooks.test_courier import answering


@pytest.fixture
def outside() -> Iterator[Outside]:
    with providing() as found:
        yield found


@pytest.fixture
def settings(settings: Settings, outside: Outside) -> Settings:
    named = {"oidc_issuer": outside.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET)}
    return settings.model_copy(update=named)


def through(client: FlaskClient, outside: Outside, after: str = "/mypage") -> TestResponse:
    """To the provider and back, as a browser goes."""
    away = client.get("/signin/outside", query_string={"next": after})
    assert away.status_code == 303
    assert away.headers["Location"].startswith(f"{outside.issuer}/authorize?")
    back = outside.authorize(query_of(away.headers["Location"]))
    return client.get("/signin/outside/back", query_string=query_of(back))


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


@pytest.mark.parametrize("alg", ["RS256", "ES256", "HS256"])
def test_who_has_joined_both_signs_in_and_goes_where_they_were_going(
    app: Flask, client: FlaskClient, outside: Outside, alg: str
) -> None:
    outside.alg = alg
    account = given.an_account()
    mine = given.signed_in(app.test_client(), account)
    assert through(mine, outside).headers["Location"] == "/account/outside"
    page = read(mine.get("/account/outside"))
    assert get(Account, account).email in page.words
    assert send(mine, page.form("/account/outside")).status_code == 303
    assert who("U-hana") == account
    assert through(client, outside, "/listings").headers["Location"] == "/listings"
    assert is_signed_in(client)


def test_who_has_not_joined_is_not_let_in_and_nothing_is_joined_to_who_comes_next(
    app: Flask, client: FlaskClient, outside: Outside
) -> None:
    answer = through(client, outside)
    assert (answer.headers["Location"], is_signed_in(client)) == ("/signin?next=/account/outside", False)
    next_one = given.signed_in(client, given.an_account())
    page = read(next_one.get("/account/outside"))
    assert [form.action for form in page.forms if form.action == "/account/outside"] == []
    assert who("U-hana") is None


def test_one_account_there_is_one_here_until_it_is_parted(app: Flask, outside: Outside) -> None:
    one, other = given.an_account(), given.an_account()
    join(one, "U-hana")
    join(one, "U-hana")
    assert refusal(lambda: join(other, "U-hana")) == "joined_elsewhere"
    assert refusal(lambda: join(one, "U-ken")) == "joined_elsewhere"
    mine = given.signed_in(app.test_client(), one)
    assert send(mine, read(mine.get("/account/outside")).form("/account/outside/part")).status_code == 303
    assert joined(one) is None
    join(other, "U-hana")
    assert who("U-hana") == other


def test_it_opens_nothing_at_the_desk(app: Flask, client: FlaskClient, outside: Outside) -> None:
    member = given.staff("drafter")
    assert refusal(lambda: join(member, "U-hana")) == "not_for_staff"
    later = given.an_account("later@example.jp")
    join(later, "U-hana")
    through(client, outside)
    assert is_signed_in(client)
    given.staff("drafter", email="later@example.jp")
    assert client.get("/staff").status_code == 303
    assert through(app.test_client(), outside).status_code == 403


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"exp": "soon"},
    ],
)
def test_a_token_that_is_not_for_us_now_is_not_believed(
    client: FlaskClient, app: Flask, outside: Outside, lies: dict[str, Any]
) -> None:
    join(given.an_account(), "U-hana")
    outside.lies = lies
    assert (through(client, outside).status_code, is_signed_in(client)) == (400, False)


@pytest.mark.parametrize(
    ("alg", "header"), [("none", {}), ("RS256", {"alg": "ES256"}), ("RS256", {"alg": "HS256"}), ("RS256", {"kid": "e"})]
)
def test_a_token_that_is_not_signed_as_it_says_is_not_believed(
    client: FlaskClient, app: Flask, outside: Outside, alg: str, header: dict[str, str]
) -> None:
    join(given.an_account(), "U-hana")
    outside.alg, outside.header = alg, header
    assert (through(client, outside).status_code, is_signed_in(client)) == (400, False)


def test_an_answer_that_this_browser_did_not_ask_for_is_not_taken(
    app: Flask, client: FlaskClient, outside: Outside
) -> None:
    join(given.an_account(), "U-hana")
    theirs = outside.authorize(query_of(app.test_client().get("/signin/outside").headers["Location"]))
    assert client.get("/signin/outside/back", query_string=query_of(theirs)).status_code == 400
    client.get("/signin/outside")
    assert client.get("/signin/outside/back", query_string=query_of(theirs)).status_code == 400
    assert not is_signed_in(client)


def test_a_code_is_good_once_and_with_its_verifier_alone(client: FlaskClient, app: Flask, outside: Outside) -> None:
    join(given.an_account(), "U-hana")
    first = outside.authorize(query_of(client.get("/signin/outside").headers["Location"]))
    second = query_of(client.get("/signin/outside").headers["Location"])
    mixed = {**query_of(first), "state": second["state"]}
    assert client.get("/signin/outside/back", query_string=mixed).status_code == 400
    good = query_of(outside.authorize(query_of(client.get("/signin/outside").headers["Location"])))
    answers = [client.get("/signin/outside/back", query_string=good) for _ in range(2)]
    assert ([each.status_code for each in answers], is_signed_in(client)) == ([303, 400], True)


def test_who_thinks_better_of_it_comes_back_without_harm(client: FlaskClient, app: Flask, outside: Outside) -> None:
    state = query_of(client.get("/signin/outside").headers["Location"])["state"]
    answer = client.get("/signin/outside/back", query_string={"error": "access_denied", "state": state})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/signin")


def test_the_way_in_is_on_the_page_only_where_there_is_one(client: FlaskClient, app: Flask, outside: Outside) -> None:
    assert "/signin/outside?next=/mypage" in read(client.get("/signin")).links


@pytest.mark.parametrize("issuer", ["http://id.example.com", "https://id.example.com"])
def test_a_provider_needs_https_and_a_secret(issuer: str) -> None:
    with pytest.raises(ValueError, match="OIDC_ISSUER"):
        Settings(oidc_issuer=issuer)


def test_a_provider_that_speaks_something_else_is_away(app: Flask) -> None:
    """No page breaks: what answers there is no web server at all."""

    def greets(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"220 mail.example ESMTP\r\n")

    with answering(greets) as port, pytest.raises(Unavailable):
        HttpProvider(f"http://127.0.0.1:{port}", CLIENT, SECRET).endpoint()
