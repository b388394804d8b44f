"""Everybody sees the heads of the journal's days, and nothing of what is in it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain.dating import anchor_days, published
from marketplace.journal.models import Entry
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import db
from tests import given
from tests.pages import read


def two_days() -> None:
    for ago in (2, 1):
        with pretending(now() - timedelta(days=ago)):
            given.a_listing()
    anchor_days()


def test_before_the_first_midnight_the_page_says_when_it_begins(client: FlaskClient) -> None:
    assert "今夜の午前0時につきます" in read(client.get("/journal")).words


def test_page_and_files_say_the_same(app: Flask, client: FlaskClient) -> None:
    two_days()
    shown = published()
    days = shown["days"]
    today = now().astimezone(JST).date()
    assert [day["day"] for day in days] == [str(today - timedelta(days=ago)) for ago in (2, 1)]
    words = read(client.get("/journal")).words
    assert [day["hash"] in words for day in days] == [True, True]
    assert client.get("/journal.json").get_json() == shown
    table = list(csv.reader(io.StringIO(client.get("/journal.csv").text.removeprefix("\ufeff"), newline="")))
    assert [row[:4] for row in table[1:]] == [[d["day"], str(d["seq"]), d["hash"], d["name"]] for d in days]


def test_nothing_of_what_is_in_the_journal_is_public(app: Flask, client: FlaskClient) -> None:
    two_days()
    everything = "".join(client.get(path).text for path in ("/journal", "/journal.json", "/journal.csv"))
    said = {text for row in db.session.scalars(sa.select(Entry)) for text in (row.subject, row.by) if ":" in text}
    assert len(said) > 3
    assert [text for text in said if text in everything] == []


def test_the_status_page_leads_there(client: FlaskClient) -> None:
    assert "/journal" in read(client.get("/status")).links
