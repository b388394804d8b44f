"""Whoever has a seat is reminded the day before: once, at the time that holds, and not if they want no such letter."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.letters import LetterKind, choose, wanted
from marketplace.gatherings import booking, drafting
from marketplace.gatherings.reminding import remind_due
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests.gatherings.stage import BY, a_gathering, gathering, mails, values
from tests.racing import at_once

HOUR = timedelta(hours=1)
REMINDER = "gathering_tomorrow"


def reminded(email: str = "hana@example.jp") -> int:
    return mails(email).count(REMINDER)


def test_who_has_a_seat_is_reminded_once_within_the_last_day(hana: int) -> None:
    event = a_gathering()
    booking.ask(event, hana)
    begins = gathering(event).begins_at
    for before, letters in ((25 * HOUR, 0), (24 * HOUR, 1), (23 * HOUR, 1), (HOUR, 1)):
        with pretending(begins - before):
            remind_due()
            remind_due()
        assert reminded() == letters, before


def test_the_letter_says_when_where_and_how_to_get_in(hana: int) -> None:
    event = a_gathering(title="雪かき体験", entrance="合言葉は「ゆき」")
    booking.ask(event, hana)
    with pretending(gathering(event).begins_at - 20 * HOUR):
        remind_due()
        keeping.drain()
    letter = db.session.scalars(sa.select(Notice).where(Notice.template == REMINDER)).one()
    assert letter.sent_at is not None
    assert "雪かき体験" in letter.subject
    for words in ("交流センター", "合言葉は「ゆき」", gathering(event).code, "取り消してください"):
        assert words in letter.body


def test_who_waits_gave_up_or_was_called_off_is_not_reminded(hana: int, ken: int, mio: int) -> None:
    event, called_off = a_gathering(seats=1), a_gathering(seats=1)
    booking.ask(event, hana)
    booking.ask(event, ken)  # waits
    booking.ask(called_off, mio)
    drafting.call_off(called_off, "大雪のため", BY)
    keeping.drain()
    with pretending(gathering(event).begins_at - 20 * HOUR):
        booking.give_up(event, hana)  # ken is offered the seat, and has not said yes
        remind_due()
    assert [reminded(f"{who}@example.jp") for who in ("hana", "ken", "mio")] == [0, 0, 0]


def test_who_takes_a_seat_on_the_last_day_has_just_been_told(hana: int, ken: int) -> None:
    event = a_gathering(seats=1, ask_until=now() + timedelta(days=7))
    booking.ask(event, ken)
    begins = gathering(event).begins_at
    with pretending(begins - 20 * HOUR):
        booking.give_up(event, ken)
        booking.ask(event, hana)
        remind_due()
    with pretending(begins - HOUR):
        remind_due()
    assert mails("hana@example.jp") == ["gathering_booked"]


def test_an_event_that_is_moved_is_reminded_of_at_its_new_time(hana: int) -> None:
    event = a_gathering()
    booking.ask(event, hana)
    begins = gathering(event).begins_at
    with pretending(begins - 20 * HOUR):
        remind_due()
        new = begins + timedelta(days=3)
        later = values(begins_at=new, ends_at=new + 2 * HOUR, ask_until=new)
        drafting.revise(event, later, BY)
        remind_due()
    assert reminded() == 1
    with pretending(new - 20 * HOUR):
        remind_due()
        remind_due()
    assert reminded() == 2


def test_who_wants_no_reminders_gets_none(hana: int, ken: int) -> None:
    event = a_gathering()
    for who in (hana, ken):
        booking.ask(event, who)
    choose(hana, wanted(hana) - {LetterKind.TOMORROW})
    with pretending(gathering(event).begins_at - 20 * HOUR):
        remind_due()
    assert [reminded(), reminded("ken@example.jp")] == [0, 1]


def test_two_workers_at_once_write_one_letter(app: Flask, hana: int) -> None:
    event = a_gathering()
    booking.ask(event, hana)
    with pretending(gathering(event).begins_at - 20 * HOUR):
        assert at_once(app, 3, lambda _: remind_due()) == [None] * 3
    assert reminded() == 1
