"""A whole purchase in the logs: found again by its numbers from the click to the token, and without the buyer."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.kit import logs
from marketplace.kit.db import db, transaction
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing
from marketplace.orders.models import Order, OrderState
from tests import given
from tests.local_stripe import LocalStripe
from tests.pages import read, send, submit

pytestmark = pytest.mark.node

EMAIL, NAME, NICKNAME = "hanako.himitsuno@example.jp", "秘密野 花子", "はなちゃん"
NUMBER = "click-0001"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that this process logs as a collector would get it."""
    out, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.Json())
    level, trail = root.level, logs.trail.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logs.trail.setLevel(logging.INFO)
    yield out
    root.removeHandler(handler)
    root.setLevel(level)
    logs.trail.setLevel(trail)


def lines_of(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def signed_in_by_hand(client: FlaskClient) -> str:
    """By the code in the mail, as a person does; the code."""
    sent = submit(client, "/signin", {"email": EMAIL})
    code = given.mailed_code(EMAIL)
    db.session.rollback()
    submit(client, sent.headers["Location"], {"code": code}, action="/signin/code")
    with transaction() as session:
        session.execute(sa.update(Account).where(Account.email == EMAIL).values(name=NAME, nickname=NICKNAME))
    return code


def bought(client: FlaskClient, stripe: LocalStripe, code: str) -> str:
    """From the listing's page to the money; the order's code."""
    form = next(form for form in read(client.get(f"/listings/{code}")).forms if form.action.endswith("/order"))
    placed = client.post(form.action, data=form.values, headers={"X-Request-ID": NUMBER})
    assert (placed.status_code, placed.headers["X-Request-ID"]) == (303, NUMBER)
    order = str(placed.headers["Location"]).split("/")[2]
    confirm = next(form for form in read(client.get(f"/orders/{order}/confirm")).forms if form.action.endswith("/pay"))
    paying = send(client, confirm, {"agreed": "y"})
    client.get(stripe.pay(paying.headers["Location"]).location.partition("127.0.0.1")[2].partition("/")[2])
    return order


def test_a_purchase_is_found_again_by_its_numbers_and_shows_nobody(
    app: Flask, client: FlaskClient, settle: Callable[[], None], stripe: LocalStripe, written: io.StringIO
) -> None:
    settle()
    listing_id = given.a_listing()
    code = db.session.scalar(sa.select(Listing.code).where(Listing.id == listing_id)) or ""
    db.session.rollback()
    mailed = signed_in_by_hand(client)
    order = bought(client, stripe, code)
    run_one(SHEETS["payments.reconcile"])
    settle()
    assert db.session.scalar(sa.select(Order.state).where(Order.code == order)) == OrderState.ISSUED
    client.get("/search?q=" + NAME)

    everything, lines = written.getvalue(), lines_of(written)
    pages = {(line["page"], line["status"]) for line in lines if "page" in line}
    assert {("accounts.check_code", 303), ("orders.place", 303), ("orders.pay", 303), ("none", 404)} <= pages
    shown = [word for word in (EMAIL, "hanako", NAME, NICKNAME, "秘密野", mailed, "sk_test") if word in everything]
    assert shown == []
    assert not re.search(r"[^\s\"]+@[^\s\"]+\.[a-z]", everything)

    placing = next(line for line in lines if line.get("page") == "orders.place")
    assert (placing["request"], placing["led_to"], placing["code"]) == (NUMBER, order, code)
    coming_back = next(line for line in lines if line.get("page") == "orders.done")
    kept = {
        line["message"].split()[2]
        for line in lines
        if "outbox" in line and line.get("request") == coming_back["request"]
    }
    assert (coming_back["code"], kept) == (order, {"payment.succeeded", "order.paid", "notice.promised"})


def test_a_number_that_is_none_is_not_passed_on(client: FlaskClient) -> None:
    for given_number in ("", "a b", "x" * 65, "1; DROP", "短い番号です"):
        sent = {"X-Request-ID": given_number.encode().decode("latin-1")} if given_number else {}
        assert re.fullmatch("[0-9a-f]{24}", client.get("/healthz", headers=sent).headers["X-Request-ID"])
