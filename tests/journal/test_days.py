"""The head of each day: written once, whoever comes first, and after any time of standing still."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.chain.dating import anchor_days, published
from marketplace.chain.models import Call
from marketplace.journal.days import heads
from marketplace.journal.models import Day, Entry
from marketplace.journal.sealing import seal
from marketplace.journal.writing import note
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, transaction
from tests.crashing import rolled_back
from tests.racing import at_once

NOON = 3  # hours UTC: it is noon in Japan


def at(day: int, hour: int = NOON, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def written(moment: datetime, count: int = 1) -> None:
    with pretending(moment), transaction():
        for _ in range(count):
            note("order:ORD-TEST", "look")


def hash_of(seq: int) -> str:
    return db.session.scalars(sa.select(Entry.hash).where(Entry.seq == seq)).one() or ""


def told() -> list[tuple[date, int, str]]:
    return [(day.day, day.seq, day.hash) for day in heads()]


def calls() -> list[tuple[str, str]]:
    rows = db.session.execute(sa.select(Call.key, Call.args).order_by(Call.id))
    return [(row.key, row.args[1]) for row in rows]


def test_a_day_is_closed_at_midnight_in_japan_and_not_a_moment_before(app: Flask) -> None:
    written(at(24), 2)
    with pretending(at(24, 14, 59)):
        assert anchor_days() == 0
    with pretending(at(24, 15, 0)):
        assert anchor_days() == 1
    assert told() == [(date(2026, 11, 24), 2, hash_of(2))]
    assert calls() == [("anchor:journal:2026-11-24", "0x" + hash_of(2))]


def test_a_row_of_the_new_day_is_not_under_the_head_of_the_old(app: Flask) -> None:
    written(at(24, 14, 59))
    written(at(24, 15, 0))
    with pretending(at(24, 15, 1)):
        anchor_days()
    assert told() == [(date(2026, 11, 24), 1, hash_of(1))]


def test_days_that_went_by_are_caught_up_with_and_days_without_a_row_have_no_head(app: Flask) -> None:
    for day in (20, 21, 24):
        written(at(day))
    with pretending(at(26)):
        assert (anchor_days(), anchor_days()) == (3, 0)
    assert [(day.day, seq) for day, seq, _ in told()] == [(20, 1), (21, 2), (24, 3)]
    assert [key for key, _ in calls()] == [f"anchor:journal:2026-11-{day}" for day in (20, 21, 24)]


def test_what_is_sealed_late_is_under_the_next_head(app: Flask) -> None:
    written(at(24))
    with pretending(at(24, 15)):
        anchor_days()
    written(at(24, 14))  # a transaction that ended after midnight
    with pretending(at(25, 14)):
        assert anchor_days() == 0
    with pretending(at(25, 15)):
        assert anchor_days() == 1
    assert [(day, seq) for day, seq, _ in told()] == [(date(2026, 11, 24), 1), (date(2026, 11, 25), 2)]


def test_many_at_once_close_each_day_once(app: Flask) -> None:
    for day in range(10, 20):
        written(at(day))
    with pretending(at(26)):
        assert sum(at_once(app, 4, lambda _: anchor_days())) == 10
    assert (len(told()), len(calls())) == (10, 10)


def test_head_and_anchor_are_promised_together_or_not_at_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    written(at(24))
    with pretending(at(25)):
        with rolled_back():
            anchor_days()
        assert (told(), calls()) == ([], [])
        assert anchor_days() == 1


def test_what_everybody_may_see_of_the_journal(app: Flask) -> None:
    empty = published()
    assert (empty["seq"], empty["hash"], empty["days"]) == (0, "0" * 64, [])
    written(at(24))
    with pretending(at(25)):
        anchor_days()
    written(at(25))
    seal()
    shown = published()
    assert (shown["version"], shown["seq"], shown["hash"]) == ("journal-days-v1", 2, hash_of(2))
    (day,) = shown["days"]
    assert [day[name] for name in ("day", "seq", "hash", "name", "tx", "block")] == [
        *("2026-11-24", 1, hash_of(1), "journal:2026-11-24"),
        *(None, None),
    ]


def test_the_database_knows_one_head_of_a_day(app: Flask) -> None:
    written(at(24))
    with pretending(at(25)):
        anchor_days()
    for day, seq in ((24, 2), (25, 1), (26, 0)):
        with pytest.raises(IntegrityError), transaction() as session:
            session.add(Day(day=date(2026, 11, day), seq=seq, hash="0" * 64, closed_at=at(25)))
