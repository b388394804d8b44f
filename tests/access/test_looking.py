"""Whoever of the staff is shown what the town knows of a person, is written down; and what was seen is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from psycopg.errors import DiskFull
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule

from marketplace.accounts.introducing import introduce
from marketplace.accounts.models import Account
from marketplace.admissions import enclosing, excluding
from marketplace.admissions.models import Enclosure, Participation
from marketplace.journal.models import Entry as Line
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.lotteries.applicants import Channel
from marketplace.lotteries.entering import enter, take_down
from marketplace.lotteries.models import Entry
from marketplace.notices.sending import send
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from tests import given
from tests.admissions.test_enclosing import PDF
from tests.lotteries.applied import a_lottery, asking, somebody

KNOWN = (
    "最上 千代",
    "chiyo@example.jp",
    "羽黒 清",
    "月見沢町秘密1-2",
    "0237-99-1234",
    "もがみ ちよ",
    "庄内 太郎",
    "羽黒清",
)
"""What nobody could know but from the town's own rows."""
NOTED = ("look", "read_enclosure")


class World(NamedTuple):
    codes: list[str]
    numbers: list[str]
    ids: list[int]


@pytest.fixture
def world(app: Flask) -> World:
    """Somebody in every place of which the desk has a page."""
    chiyo = given.an_account("chiyo@example.jp")
    introduce(chiyo, "最上 千代", "", "山形県")
    place(chiyo, given.a_listing())
    sale = given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})
    enclosing.keep(sale, chiyo, PDF)
    given.an_applicant(sale, chiyo, name="羽黒 清", address="月見沢町秘密1-2", phone="0237-99-1234")
    lottery = a_lottery(**asking(address=True))
    enter(lottery.id, chiyo, somebody("もがみ ちよ"))
    spoken = somebody("しょうない たろう", "月見沢町秘密1-2", channel=Channel.PHONE, phone="0237-99-1234")
    take_down(lottery.id, given.staff("counter"), replace(spoken, name="庄内 太郎"))
    excluding.exclude(given.staff("approver"), "other", "約束を守らなかった", name="羽黒 清")
    keeping.drain()
    with transaction() as session:
        send("sign_in", "chiyo@example.jp", "not taken", code="012345", link="x", minutes=15)
        session.execute(sa.update(Message).where(Message.done_at.is_(None)).values(parked_at=now()))
    codes = [
        code for table in (Listing, Order, Participation, Account) for code in db.session.scalars(sa.select(table.code))
    ]
    ids = list(db.session.scalars(sa.select(Enclosure.id)))
    return World(codes, list(db.session.scalars(sa.select(Entry.no))), ids)


def pages(app: Flask, world: World) -> Iterator[str]:
    """Each page of the desk for each row that it could be about."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/staff") and "GET" in (rule.methods or set()):
            yield from addresses(rule, world)


def addresses(rule: Rule, world: World) -> Iterator[str]:
    values = {"code": world.codes, "no": world.numbers}
    parameters = re.findall(r"<[^>]+>", rule.rule)
    choices = [values.get(each.strip("<>").rpartition(":")[2], world.ids) for each in parameters]
    for chosen in product(*choices):
        path = rule.rule
        for parameter, value in zip(parameters, chosen, strict=True):
            path = path.replace(parameter, str(value))
        yield path


def lines() -> list[Line]:
    return list(db.session.scalars(sa.select(Line).where(Line.event.in_(NOTED)).order_by(Line.id)))


def test_every_page_of_the_desk_that_shows_somebody_is_noted_and_no_other(
    app: Flask, client: FlaskClient, world: World
) -> None:
    auditor = given.staff("auditor")
    given.signed_in(client, auditor)
    wrong, shown = {}, set()
    for path in pages(app, world):
        before = len(lines())
        answer = client.get(path)
        said = any(word.encode() in answer.data for word in KNOWN) or answer.data == PDF
        noted = len(lines()) - before
        if said:
            shown.add(path.split("/")[2])
        if noted != int(said):
            wrong[path] = (noted, said)
    assert wrong == {}
    assert {"orders", "admissions", "lotteries", "entries", "exclusions"} <= shown
    assert {line.by for line in lines()} == {f"staff:{get(Account, auditor).code}"}


def test_the_journal_knows_whose_data_and_which_page_and_nothing_of_what_was_seen(
    app: Flask, client: FlaskClient, world: World
) -> None:
    given.signed_in(client, given.staff("treasury"))
    order = db.session.scalars(sa.select(Order)).one()
    client.get(f"/staff/orders/{order.code}")
    (line,) = lines()
    assert (line.subject, line.details) == (
        f"order:{order.code}",
        {"page": "cashier.show", "whose": [f"order:{order.code}"]},
    )
    given.signed_in(client, given.staff("approver"))
    for path in ("/staff/exclusions", "/staff/admissions", f"/staff/entries/{world.numbers[0]}"):
        client.get(path)
    everything = json.dumps([[each.subject, each.by, each.why, each.details] for each in lines()], ensure_ascii=False)
    assert [word for word in KNOWN if word in everything] == []


def test_a_list_is_one_line_that_names_all_it_showed(app: Flask, client: FlaskClient, world: World) -> None:
    given.signed_in(client, given.staff("counter"))
    lottery = db.session.scalars(sa.select(Listing.code).where(Listing.mode == "lottery")).one()
    client.get(f"/staff/lotteries/{lottery}/entries")
    (line,) = lines()
    assert (line.subject, line.details["whose"]) == (
        "page:reception.entries",
        [f"entry:{no}" for no in sorted(world.numbers, reverse=True)],
    )


def test_nobody_is_noted_where_nobody_is_shown(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("approver"))
    assert [client.get(path).status_code for path in ("/staff/exclusions", "/staff/admissions")] == [200, 200]
    assert lines() == []


def test_what_cannot_be_noted_now_is_not_shown_and_whoever_asks_is_told_to_come_again(
    app: Flask, client: FlaskClient, world: World
) -> None:
    given.signed_in(client, given.staff("treasury"))
    code = db.session.scalars(sa.select(Order.code)).one()

    def full(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO journal "):
            raise OperationalError(statement, {}, DiskFull("No space left on device"))

    sa.event.listen(db.engine, "before_cursor_execute", full)
    try:
        answer = client.get(f"/staff/orders/{code}")
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", full)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert [word for word in KNOWN if word in answer.text] == []
    assert lines() == []
