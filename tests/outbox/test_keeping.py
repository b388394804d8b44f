from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction, writing
from marketplace.kit.refusals import Unavailable
from marketplace.outbox.keeping import ATTEMPTS, LEASE, LONGEST_WAIT, deliver, deliver_all, drain, due, late
from marketplace.outbox.models import Message
from marketplace.outbox.promising import say
from marketplace.outbox.troubles import retry, troubles
from tests.crashing import PowerCut
from tests.outbox.hearing import hearing
from tests.racing import at_once


def tell(key: str = "monday") -> int:
    with transaction():
        say("tea.ready", key=key)
    return db.session.scalars(sa.select(Message.id).order_by(Message.id.desc()).limit(1)).one()


def fail() -> None:
    raise Unavailable("no water")


def spill() -> None:
    raise RuntimeError("the cup is broken")


def test_a_handler_runs_outside_any_transaction(app: Flask) -> None:
    open_there: list[bool] = []
    with hearing("tea.ready", lambda: open_there.append(writing())):
        tell()
        drain()
    assert open_there == [False]


def test_of_two_workers_at_the_same_message_one_does_it(app: Flask) -> None:
    cups: list[int] = []
    both_have_asked = threading.Barrier(2)

    def work(number: int) -> bool:
        done = deliver(message)
        both_have_asked.wait(timeout=30)
        return done

    with hearing("tea.ready", lambda: cups.append(1)):
        message = tell()
        assert sorted(at_once(app, 2, work)) == [False, True]
    assert cups == [1]


def test_a_message_in_one_workers_hands_is_not_given_to_another(app: Flask) -> None:
    while_busy: list[object] = []

    def busy() -> None:
        while_busy.append(deliver(message))
        while_busy.append(due())

    with hearing("tea.ready", busy):
        message = tell()
        assert deliver(message)
    assert while_busy == [False, []]


def test_a_worker_that_dies_after_the_deed_leaves_it_to_be_done_again_after_its_lease(app: Flask) -> None:
    deeds: list[str] = []
    cups: set[str] = set()

    def pour() -> None:
        deeds.append("poured")
        cups.add("monday")  # idempotent: what happens twice has happened once
        if len(deeds) == 1:
            raise PowerCut

    with hearing("tea.ready", pour):
        message = tell()
        with pytest.raises(PowerCut):
            deliver(message)
        db.session.rollback()
        assert (drain(), deeds) == (0, ["poured"])
        with pretending(now() + LEASE + timedelta(seconds=1)):
            assert drain() == 1
            assert drain() == 0
    assert (deeds, cups, get(Message, message).attempts) == (["poured", "poured"], {"monday"}, 2)


def test_one_is_written_down_as_done_before_the_next_is_begun(app: Flask) -> None:
    standing: list[list[tuple[bool, int]]] = []

    def look() -> None:
        rows = db.session.execute(sa.select(Message.done_at, Message.attempts).order_by(Message.id))
        standing.append([(done_at is not None, attempts) for done_at, attempts in rows])
        db.session.rollback()

    with hearing("tea.ready", look):
        assert deliver_all([tell("monday"), tell("tuesday")]) == 2
    look()
    assert standing == [
        [(False, 1), (False, 0)],
        [(True, 1), (False, 1)],
        [(True, 1), (True, 1)],
    ]


def test_of_several_one_that_fails_holds_up_none(app: Flask) -> None:
    cups: list[str] = []

    def pour() -> None:
        cups.append("poured")
        if len(cups) == 2:
            raise Unavailable("no water")

    with hearing("tea.ready", pour):
        assert deliver_all([tell("monday"), tell("tuesday"), tell("wednesday")]) == 2
    assert (len(cups), [message.error for message in late()]) == (3, ["Unavailable: no water"])


def test_one_that_fails_waits_alone_and_longer_each_time(app: Flask) -> None:
    heard: list[str] = []
    waits: list[float] = []
    with hearing("tea.ready", fail, lambda: heard.append("b")):
        tell()
        assert (drain(), heard) == (1, ["b"])
        for _ in range(11):
            (failed,) = late()
            waits.append(round((failed.due_at - now()).total_seconds()))
            with pretending(failed.due_at):
                assert drain() == 0
                (failed,) = late()
                waits[-1] = round((failed.due_at - now()).total_seconds())
        assert heard == ["b"]
    assert waits == [4, 8, 16, 32, 64, 128, 256, 512, *[LONGEST_WAIT.total_seconds()] * 3]


def test_what_failed_is_written_down_for_staff(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with hearing("tea.ready", fail):
        deliver(tell())
    assert [(message.error, message.attempts) for message in late()] == [("Unavailable: no water", 1)]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_what_waits_for_somebody_outside_is_tried_for_days_and_never_parked(app: Flask) -> None:
    with hearing("tea.ready", fail):
        message = tell()
        for _ in range(3 * ATTEMPTS):
            with pretending(get(Message, message).due_at):
                deliver(message)
        assert (get(Message, message).attempts, get(Message, message).parked_at) == (3 * ATTEMPTS, None)


def test_after_twenty_failures_it_is_parked_until_staff_try_again(app: Flask) -> None:
    with hearing("tea.ready", spill):
        message = tell()
        for _ in range(ATTEMPTS):
            with pretending(get(Message, message).due_at):
                deliver(message)
        with pretending(now() + timedelta(days=365)):
            assert (due(), drain()) == ([], 0)
        assert (get(Message, message).attempts, get(Message, message).parked_at is None) == (ATTEMPTS, False)
        retry(message)
        assert (due(), get(Message, message).attempts) == ([message], 0)
    with hearing("tea.ready", lambda: None):
        assert (drain(), late()) == (1, [])
        assert get(Message, message).error is None


def test_staff_see_what_failed_by_its_kind_and_one_button_tries_all_of_a_kind_again(app: Flask) -> None:
    with hearing("tea.ready", spill), hearing("cake.ready", fail):
        with transaction():
            for key in range(90):
                say("tea.ready", key=str(key))
                say("cake.ready", key=str(key))
        for _ in range(ATTEMPTS):
            with pretending(now() + timedelta(days=1)):
                drain()
                with transaction() as session:
                    session.execute(sa.update(Message).values(due_at=now()))
        parked, waiting = troubles()
        assert (parked.topic, parked.parked, parked.number, parked.error) == (
            *("tea.ready", True, 90),
            "RuntimeError: the cup is broken",
        )
        assert (waiting.topic, waiting.parked, waiting.number) == ("cake.ready", False, 90)
        assert (retry(parked.id), retry(10**9)) == (90, 0)
        assert ([each.parked for each in troubles()], len(due(1000))) == ([False, False], 90)


def test_what_has_waited_longest_is_tried_first_and_no_more_than_was_asked_for(app: Flask) -> None:
    with hearing("tea.ready", lambda: None):
        messages = [tell(day) for day in ("monday", "tuesday", "friday")]
    for hours, message in enumerate(messages):
        with transaction() as session:
            waited = sa.update(Message).where(Message.id == message)
            session.execute(waited.values(due_at=now() - timedelta(hours=hours)))
    assert (due(), due(2)) == (messages[::-1], messages[:0:-1])


def test_what_is_done_is_not_done_again_by_a_retry(app: Flask) -> None:
    cups: list[int] = []
    with hearing("tea.ready", lambda: cups.append(1)):
        message = tell()
        drain()
        retry(message)
        assert (drain(), cups) == (0, [1])


def test_a_fact_told_while_keeping_another_is_kept_in_the_same_drain(app: Flask) -> None:
    said: list[str] = []

    def pass_on() -> None:
        with transaction():
            say("tea.cold", key="monday")

    with hearing("tea.ready", pass_on), hearing("tea.cold", lambda: said.append("cold")):
        tell()
        assert drain() == 2
    assert said == ["cold"]


def test_a_fact_for_later_is_heard_later(app: Flask) -> None:
    cups: list[int] = []
    with hearing("tea.ready", lambda: cups.append(1)):
        with transaction():
            say("tea.ready", key="monday", after=timedelta(minutes=5))
        assert drain() == 0
        with pretending(now() + timedelta(minutes=5, seconds=1)):
            assert drain() == 1
    assert cups == [1]


def test_half_of_what_a_failing_handler_wrote_is_not_there(app: Flask) -> None:
    def half() -> None:
        with transaction():
            say("tea.cold", key="monday")
            db.session.flush()
            raise LookupError("no cups")

    with hearing("tea.ready", half), hearing("tea.cold", lambda: None):
        tell()
        assert drain() == 0
    assert [message.topic for message in db.session.scalars(sa.select(Message))] == ["tea.ready"]


@pytest.mark.on_sqlite  # where a moment is text
def test_the_moments_of_messages_that_are_done_in_a_row_are_kept_like_all_others(app: Flask) -> None:
    with hearing("tea.ready", lambda: None):
        deliver_all([tell("monday"), tell("tuesday"), tell("friday")])
    moments = [sa.cast(sa.literal_column(name), sa.String) for name in ("said_at", "due_at", "done_at")]
    rows = db.session.execute(sa.select(*moments).select_from(Message)).all()
    assert {len(moment) for row in rows for moment in row} == {len("2026-11-30 07:15:33.615298")}
