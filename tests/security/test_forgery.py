"""A page of another site can't act for somebody who is signed in here: what is sent without our token does nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Role
from marketplace.kit.db import Base, db
from tests import given
from tests.access.addresses import address, rules
from tests.pages import read

SIGNED_OTHERWISE = {"POST /webhooks/stripe": 400, "POST /auctions/watch": 403}
"""What programs call, who have no session: each has a signature instead, and says this to those who lack it."""
TOKEN_FIRST = "画面を読みこみ直して、もう一度お試しください。"


@pytest.fixture
def everyone(app: Flask, client: FlaskClient) -> FlaskClient:
    """Somebody whom every guard lets in."""
    return given.signed_in(client, given.staff(*map(str, Role)))


def kept() -> dict[str, int]:
    """How many rows each table has."""
    db.session.rollback()
    tables = Base.metadata.sorted_tables
    return {table.name: db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables}


def changing(app: Flask) -> dict[str, str]:
    """{line: address} of each rule that may change something."""
    safe = ("GET ", "HEAD ", "OPTIONS ")
    return {line: address(rule) for line, rule in rules(app) if not line.startswith(safe)}


def test_every_address_that_takes_something_wants_our_token(app: Flask, everyone: FlaskClient) -> None:
    before, wrong = kept(), {}
    for line, path in changing(app).items():
        answer = everyone.open(path, method=line.partition(" ")[0], headers={"Origin": "https://evil.example"})
        told = SIGNED_OTHERWISE.get(line, 400)
        if answer.status_code != told or (line not in SIGNED_OTHERWISE and TOKEN_FIRST not in answer.text):
            wrong[line] = answer.status_code
    assert wrong == {}
    assert kept() == before


def test_neither_anothers_token_nor_one_that_is_made_up_counts(app: Flask, everyone: FlaskClient) -> None:
    theirs = read(app.test_client().get("/signin")).form("/signin").value("csrf_token")
    for token in (theirs, "made-up", ""):
        answer = everyone.post("/account", data={"nickname": "evil", "csrf_token": token})
        assert (answer.status_code, TOKEN_FIRST in answer.text) == (400, True)


def test_a_form_sent_as_json_or_text_is_not_let_through_either(app: Flask, everyone: FlaskClient) -> None:
    """A browser sends these across sites without asking first."""
    for kind in ("text/plain", "application/json", "multipart/form-data", ""):
        answer = everyone.post("/account", data=b'{"nickname": "evil"}', content_type=kind)
        assert answer.status_code == 400


def test_what_is_only_read_changes_nothing(app: Flask, client: FlaskClient) -> None:
    """An image on another page can fetch any address of ours: fetching must not be an act."""
    given.signed_in(client, given.an_account())
    before = kept()
    for line, rule in rules(app):
        if line.startswith("GET "):
            client.get(address(rule)).close()
    assert kept() == before
