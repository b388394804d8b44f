"""Whoever asks for a page that is not there any more, or never was, reads the last: in every list that has pages."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.collections import albums
from marketplace.fund.posting import post
from marketplace.fund.rules import stripe_lines
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.orders.placing import place
from marketplace.rights.models import Kind, Right
from marketplace.storefront import catalogue, market, records, sale_pages
from marketplace.webhooks.models import Endpoint
from tests import given
from tests.growing import World
from tests.lotteries.applied import with_entries
from tests.pages import read
from tests.webhooks.test_sending import proposed

FAR = ("4", "99999999", "9" * 18, "9" * 30)


@pytest.fixture
def town(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows for each list, on pages of two."""
    World().grow(3)
    for n in range(3):
        lines = stripe_lines("charge", 1_000, 36)
        assert post(f"txn_{n}", "charge", lines, at=now(), subject=f"order:ORD-{n}")
    for module, name in ((records, "PAGE"), (market, "A_PAGE"), (sale_pages, "PER_PAGE"), (catalogue, "PER_PAGE")):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(albums, "A_PAGE", 4)


@pytest.mark.parametrize("path", ["/fund/entries", "/market", "/records", "/listings", "/album/"])
def test_beyond_the_last_page_is_the_last_page(town: None, client: FlaskClient, path: str) -> None:
    if path == "/album/":
        path += db.session.scalars(sa.select(Right.code).where(Right.kind == Kind.CARD)).first() or ""
    pages = [path]
    while following := [link for link in read(client.get(pages[-1])).links if f"page={len(pages) + 1}" in link]:
        pages.append(following[0])
    assert len(pages) > 1
    last = client.get(pages[-1])
    answers = {far: client.get(f"{path}?page={far}") for far in FAR if int(far) > len(pages)}
    assert {far: (answer.status_code, read(answer).words) for far, answer in answers.items()} == dict.fromkeys(
        answers, (200, read(last).words)
    )


@pytest.mark.parametrize("far", ["99999999999", "9" * 18, "9" * 30])
def test_everything_is_older_than_a_number_beyond_all(app: Flask, client: FlaskClient, far: str) -> None:
    place(given.an_account(), given.a_listing())
    lottery, *_ = with_entries(2)
    endpoint = get(Endpoint, proposed("https://hooks.example.com/town"))
    desk = given.signed_in(client, given.staff("auditor", "approver", "counter"))
    paths = ("/staff/journal", "/staff/orders", f"/staff/lotteries/{lottery.code}/entries")
    for path in (*paths, f"/staff/webhooks/{endpoint.code}"):
        assert read(desk.get(f"{path}?before={far}")).words == read(desk.get(path)).words, path
