"""Thousands of letters wait for one post office: nobody else waits behind them, and the most pressing go first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, transaction
from marketplace.notices.models import Notice
from marketplace.notices.sending import Haste, send
from marketplace.outbox.aside import PATIENCE, carry
from marketplace.outbox.keeping import LONGEST_WAIT, due, late, sweep
from marketplace.outbox.models import Message
from marketplace.outbox.promising import Bell, say
from tests.notices.post_office import Office, post_office
from tests.outbox.hearing import hearing
from tests.racing import at_once

SIGN_IN: dict[str, Any] = {"code": "012345", "link": "https://hiroba.example.jp/signin/link/x", "minutes": 15}


@pytest.fixture
def office(app: Flask) -> Iterator[Office]:
    """The town's mail goes here."""
    with post_office() as office:
        app.extensions["hiroba.ports"].mail = office.counter
        yield office


def letters(count: int, haste: Haste = Haste.MANY) -> None:
    with transaction():
        for number in range(count):
            send("sign_in", f"{haste.name.lower()}-{number}@example.jp", f"{haste}:{number}", haste=haste, **SIGN_IN)


def test_a_sweep_and_the_bell_leave_letters_where_they_are(
    office: Office, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[list[int]] = []
    monkeypatch.setattr(Bell, "ring", rung.append)
    cups: list[str] = []
    with hearing("tea.ready", lambda: cups.append("poured")):
        letters(3)
        with transaction():
            say("tea.ready", key="monday")
        assert (sweep(), cups, office.receivers, [len(ids) for ids in rung]) == (1, ["poured"], [], [1])
        assert (carry(Event()), len(office.receivers)) == (True, 3)


def test_a_code_goes_first_then_what_is_for_one_then_what_all_get(office: Office) -> None:
    for haste in (Haste.MANY, Haste.ONE, Haste.AWAITED):
        letters(2, haste)
    carry(Event())
    assert office.receivers == [
        *("awaited-0@example.jp", "awaited-1@example.jp"),
        *("one-0@example.jp", "one-1@example.jp"),
        *("many-0@example.jp", "many-1@example.jp"),
    ]


def test_a_code_that_is_asked_for_meanwhile_overtakes_all_but_ten(app: Flask, office: Office) -> None:
    def ask() -> None:
        with app.app_context():
            letters(1, Haste.AWAITED)

    letters(30)
    office.at_the_first = ask
    carry(Event())
    assert office.receivers.index("awaited-0@example.jp") == 10


def test_where_the_post_office_takes_nothing_three_try_and_the_others_wait_for_it_to_open(office: Office) -> None:
    letters(20)
    office.taking = False
    assert (carry(Event()), len(late()), len(due(aside=True))) == (False, PATIENCE, 20 - PATIENCE)
    office.taking = True
    assert (carry(Event()), len(late()), due(aside=True)) == (True, PATIENCE, [])


def test_an_address_that_is_refused_holds_up_no_other(office: Office) -> None:
    letters(5)
    office.strangers = {"many-1@example.jp", "many-3@example.jp"}
    assert carry(Event()) is True
    assert [message.error for message in late()] == ["Rejected: SMTP 127.0.0.1: 550"] * 2
    assert office.receivers == ["many-0@example.jp", "many-2@example.jp", "many-4@example.jp"]


def test_addresses_that_are_refused_again_hold_up_no_other(office: Office) -> None:
    letters(PATIENCE)
    office.strangers = {f"many-{number}@example.jp" for number in range(PATIENCE)}
    assert carry(Event()) is False  # the server may be one that takes none at all
    with transaction():
        send("sign_in", "late@example.jp", "late", haste=Haste.MANY, **SIGN_IN)
    with pretending(now() + LONGEST_WAIT):
        with transaction() as session:  # it comes after those that are tried again
            session.execute(sa.update(Message).where(Message.error.is_(None)).values(due_at=now()))
        assert (carry(Event()), office.receivers) == (True, ["late@example.jp"])


def test_who_is_told_to_stop_has_written_down_what_was_handed_over(office: Office) -> None:
    letters(5)
    stop = Event()
    office.at_the_first = stop.set
    assert (carry(stop), len(office.receivers), len(due(aside=True))) == (True, 1, 4)
    assert db.session.scalar(sa.select(sa.func.count(Notice.sent_at))) == 1


def test_of_two_who_carry_at_once_each_letter_is_carried_by_one(app: Flask, office: Office) -> None:
    letters(30)
    both = threading.Barrier(2)

    def work(_number: int) -> bool:
        both.wait(timeout=30)
        return carry(Event())

    assert at_once(app, 2, work) == [True, True]
    assert sorted(office.receivers) == sorted(f"many-{number}@example.jp" for number in range(30))
