"""Two workers that have the same messages in opposite order get through, whatever has become of their leases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now
from marketplace.kit.db import db, is_sqlite, transaction
from marketplace.outbox import keeping, troubles
from marketplace.outbox.models import Message
from tests.outbox.hearing import hearing
from tests.outbox.test_keeping import tell
from tests.processes import eventually
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _no_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every handler takes longer than its lease."""
    monkeypatch.setattr(keeping, "LEASE", timedelta(0))


def test_each_keeps_what_the_other_takes(app: Flask) -> None:
    both_have_done_one = threading.Barrier(2)
    at_first = threading.local()

    def pour() -> None:
        if not hasattr(at_first, "over"):
            at_first.over = True
            both_have_done_one.wait(timeout=30)

    with hearing("tea.ready", pour):
        for round_ in range(20):
            first, second = (tell(f"{round_} {day}") for day in ("monday", "tuesday"))
            outcomes = at_once(app, 2, partial(in_turn, first, second))
            assert [type(outcome) for outcome in outcomes] == [int, int], outcomes
            assert keeping.late() == []
    assert db.session.scalar(sa.select(sa.func.count()).where(Message.done_at.is_not(None))) == 40


def test_who_waits_for_an_earlier_message_holds_no_later_one(app: Flask) -> None:
    taken = beside_who_holds_the_first(app, lambda earlier, later: keeping.claim(earlier, kept=later))
    assert taken is not None


def test_the_button_that_tries_all_again_waits_for_an_earlier_message_and_holds_no_later_one(app: Flask) -> None:
    assert beside_who_holds_the_first(app, lambda earlier, _later: troubles.retry(earlier)) == 2


def in_turn(first: int, second: int, worker: int) -> int:
    return keeping.deliver_all([second, first] if worker else [first, second])


def beside_who_holds_the_first(app: Flask, move: Callable[[int, int], object]) -> object:
    """What `move` of two messages comes to where it waits for the earlier one; the later one is free meanwhile."""
    if is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    with hearing("tea.ready", lambda: None):
        earlier, later = tell("monday"), tell("tuesday")
    for message in (later, earlier):  # its row lies behind the later one's then, and every scan finds it second
        tried = {"attempts": 1, "error": "no water", "said_at": now(), "due_at": now()}
        with transaction() as session:
            session.execute(sa.update(Message).where(Message.id == message).values(tried))

    def act(number: int) -> object:
        if number == 0:
            held.wait(timeout=30)
            return move(earlier, later)
        with transaction() as session:
            session.execute(hold(earlier))
            held.set()
            assert eventually(somebody_waits)
            return session.scalars(hold(later)).all()

    held = threading.Event()
    outcome, free = at_once(app, 2, act)
    assert free == [later], free
    return outcome


def hold(message_id: int) -> sa.Select[int]:
    return sa.select(Message.id).where(Message.id == message_id).with_for_update(nowait=True)


def somebody_waits() -> bool:
    """Asked on another connection each time: a transaction sees the others as they were when it first looked."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with db.engine.connect() as connection:
        return bool(connection.scalar(sa.text(waiting)))
