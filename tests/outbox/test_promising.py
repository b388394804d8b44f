from __future__ import annotations

import ast
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.listings.models import BY_BIDS, Mode
from marketplace.outbox.keeping import drain
from marketplace.outbox.models import Message
from marketplace.outbox.promising import LISTENERS, Bell, say
from tests import given
from tests.crashing import rolled_back
from tests.outbox.hearing import hearing
from tests.racing import at_once
from tests.town import ROOT


def promised() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Message)) or 0


def test_each_who_listens_hears_a_fact_once(app: Flask) -> None:
    heard: list[tuple[str, int]] = []
    with hearing("tea.ready", lambda cups: heard.append(("a", cups)), lambda cups: heard.append(("b", cups))):
        with transaction():
            say("tea.ready", key="monday", cups=3)
        assert (promised(), drain()) == (2, 2)
        assert (sorted(heard), drain()) == ([("a", 3), ("b", 3)], 0)


def test_who_is_concerned_with_some_facts_hears_of_no_others(app: Flask) -> None:
    heard: list[tuple[str, int]] = []

    def hear(cups: int, leaf: str = "") -> None:
        heard.append((leaf, cups))

    with hearing("tea.ready", hear, leaf="green"):
        with transaction():
            say("tea.ready", key="monday", cups=1, leaf="green")
            say("tea.ready", key="tuesday", cups=2, leaf="black")
            say("tea.ready", key="wednesday", cups=3)
        assert (promised(), drain()) == (1, 1)
    with hearing("tea.ready", hear, leaf=("black", "white")), transaction():
        say("tea.ready", key="thursday", cups=4, leaf="green")
        say("tea.ready", key="friday", cups=5, leaf="black")
    assert (promised(), heard) == (2, [("green", 1)])


def test_of_a_sale_only_those_hear_who_sell_that_way(app: Flask) -> None:
    """Nothing is written down, locked or marked done for somebody who would only find that it is not theirs."""
    sold = {Mode.FIXED: "waiting", Mode.LOTTERY: "lotteries", Mode.ASCENDING: "auctions", Mode.SEALED: "auctions"}
    for mode in sold:
        given.a_listing(mode, "naming" if mode in BY_BIDS else "resident")
    told = db.session.scalars(sa.select(Message).where(Message.topic == "listing.opened"))
    heard = sorted((each.body["mode"], each.handler.split(".")[1]) for each in told)
    assert heard == sorted((str(mode), office) for mode, way in sold.items() for office in (way, "webhooks"))


def test_a_fact_said_twice_with_one_key_is_one_fact(app: Flask) -> None:
    heard: list[int] = []
    with hearing("tea.ready", lambda item: heard.append(item)):
        for item in (1, 2):
            with transaction():
                say("tea.ready", key="monday", item=item)
        with transaction():
            say("tea.ready", key="tuesday", item=3)
        drain()
    assert heard == [1, 3]


def test_ten_who_say_the_same_at_once_say_it_once(app: Flask) -> None:
    heard: list[int] = []

    def tell(number: int) -> None:
        with transaction():
            say("tea.ready", key="monday", item=7)

    with hearing("tea.ready", lambda item: heard.append(item)):
        assert at_once(app, 10, tell) == [None] * 10
        drain()
    assert heard == [7]


def test_what_is_rolled_back_was_never_said(app: Flask) -> None:
    heard: list[int] = []
    with hearing("tea.ready", lambda item: heard.append(item)):
        with rolled_back():
            say("tea.ready", key="monday", item=1)
        assert (promised(), drain(), heard) == (0, 0, [])


def test_a_fact_that_nobody_listens_to_leaves_nothing(app: Flask) -> None:
    with transaction():
        say("tea.ready", key="monday", item=1)
    assert promised() == 0


def test_facts_belong_inside_a_transaction(app: Flask) -> None:
    with pytest.raises(AssertionError, match="belongs inside transaction"):
        say("tea.ready", key="monday")


def test_the_bell_rings_after_the_commit_once_for_all_new_rows(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[list[int], int]] = []
    monkeypatch.setattr(Bell, "ring", staticmethod(lambda message_ids: rung.append((sorted(message_ids), promised()))))
    with hearing("tea.ready", lambda item: None, lambda item: None):
        with transaction():
            say("tea.ready", key="monday", item=1)
            say("tea.ready", key="tuesday", item=2)
            say("tea.ready", key="wednesday", item=3, after=timedelta(hours=1))
            assert rung == []
        early = sa.select(Message.id).where(Message.due_at <= now()).order_by(Message.id)
        ids = list(db.session.scalars(early))
        with transaction():
            say("tea.ready", key="monday", item=1)
    assert rung == [(ids, 6)]
    assert len(ids) == 4


def test_each_fact_that_an_office_says_is_heard_by_one(app: Flask) -> None:
    """What nobody hears is said for nothing. Those whose name is made as they are said are not read here."""
    calls = (
        node
        for file in sorted((ROOT / "marketplace").rglob("*.py"))
        if file.parts[-2] != "supervising"  # whose say() is to the person at the terminal
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say" and node.args
    )
    topics = {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}
    assert len(topics) > 40
    assert {topic for topic in topics if not LISTENERS.get(topic)} == set()
