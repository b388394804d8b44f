"""An announced event is changed or called off, a draft is given up: who hears of it, and what calendars take."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.gatherings import booking, drafting, stamping
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given
from tests.gatherings.stage import BY, a_gathering, gathering, mails, rsvp, values
from tests.pages import read

LINK = "https://meet.example.jp/new"


def of(event: int) -> dict[str, object]:
    """When it is, so that nothing else of it changes."""
    row = gathering(event)
    return {name: getattr(row, name) for name in ("begins_at", "ends_at", "ask_until")}


def test_a_calendar_takes_each_change_as_newer(client: FlaskClient, hana: int) -> None:
    """RFC 5545 §3.8.7.4: with the same SEQUENCE and DTSTAMP the old day stayed in the calendar."""
    event = a_gathering()
    path = f"/gatherings/{gathering(event).code}.ics"

    def line(name: str) -> str:
        (found,) = [row for row in client.get(path).text.splitlines() if row.startswith(f"{name}:")]
        return found.partition(":")[2]

    first = [line(name) for name in ("SEQUENCE", "STATUS")]
    later = now() + timedelta(days=1)
    with pretending(later):
        drafting.revise(event, values(), BY)
        moved = [line(name) for name in ("SEQUENCE", "STATUS", "DTSTAMP")]
        drafting.call_off(event, "大雪のため", BY)
        off = [line(name) for name in ("SEQUENCE", "STATUS")]
    stamp = f"{later:%Y%m%dT%H%M%SZ}"
    assert (first, moved, off) == (["0", "CONFIRMED"], ["1", "CONFIRMED", stamp], ["2", "CANCELLED"])


def test_another_way_in_is_told_to_those_who_come_and_to_nobody_else(hana: int, ken: int) -> None:
    """The letter did not have it: whoever kept the first one stood before a closed room."""
    event = a_gathering(seats=1)
    for who in (hana, ken):
        booking.ask(event, who)
    drafting.revise(event, values(**of(event), seats=1, entrance=LINK), BY)
    keeping.drain()
    assert [mails(f"{who}@example.jp")[1:] for who in ("hana", "ken")] == [["gathering_moved"], []]
    drafting.revise(event, values(**of(event), seats=1, place="公民館", entrance=LINK), BY)
    keeping.drain()
    assert [mails(f"{who}@example.jp")[1:] for who in ("hana", "ken")] == [["gathering_moved"] * 2, ["gathering_moved"]]
    letters = sa.select(Notice.to_email, Notice.body).where(Notice.template == "gathering_moved").order_by(Notice.id)
    assert [LINK in body for _, body in db.session.execute(letters)] == [True, True, False]


def test_whoever_was_ticked_off_still_finds_the_way_in_while_it_lasts(app: Flask, hana: int) -> None:
    """The list of an online evening is ticked at its beginning: who lost the line then had no address any more."""
    event = a_gathering(entrance=LINK)
    booking.ask(event, hana)
    begins_at, ends_at = gathering(event).begins_at, gathering(event).ends_at
    guest, path = app.test_client(), f"/gatherings/{gathering(event).code}"
    with pretending(begins_at):
        stamping.stamp(event, rsvp(event, hana).code, BY)
        assert LINK in read(given.signed_in(guest, hana).get(path)).words
    with pretending(ends_at):
        assert LINK not in read(given.signed_in(guest, hana).get(path)).words
