"""The head of each day: what the chain of the journal ended with at midnight in Japan.

Whoever has the head of a day, or reads it on chain, can tell whether any row up to it was changed, taken out, put in or
cut off since; without it, somebody who owns the database could chain the whole journal anew.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from marketplace.journal.models import Day, Entry, Head
from marketplace.kit.clock import jst, midnight, now
from marketplace.kit.db import db, insert_once, lock, writing


def close_next() -> Day | None:
    """Write down the head of the oldest day that is over and has none; None where there is none to write.

    It is the last sealed row that was written before the day's midnight. What is sealed later belongs to the next head,
    and a day on which nothing was written has none: the one before still holds.
    """
    assert writing(), "close_next() belongs inside transaction()"
    insert_once(Head, {"id": 1, "seq": 0, "hash": "0" * 64})
    lock(Head, 1)
    last = db.session.scalar(sa.select(Day).order_by(Day.day.desc()).limit(1))
    done = last.seq if last else 0
    first = db.session.scalar(sa.select(sa.func.min(Entry.at)).where(Entry.seq > done))
    if first is None:
        return None
    day = jst(first).date()
    if last is not None and day <= last.day:  # written before that midnight, and sealed after it
        day = last.day + timedelta(days=1)
    if midnight_after(day) > now():
        return None
    ended = sa.select(Entry).where(Entry.seq > done, Entry.at < midnight_after(day)).order_by(Entry.seq.desc()).limit(1)
    row = db.session.scalars(ended).one()
    closed = Day(day=day, seq=row.seq, hash=row.hash, closed_at=now())
    db.session.add(closed)
    return closed


def midnight_after(day: date) -> datetime:
    """The first moment in Japan that is not of `day` any more."""
    return midnight(day + timedelta(days=1))


def heads() -> list[Day]:
    """All of them, the oldest first."""
    return list(db.session.scalars(sa.select(Day).order_by(Day.day)))
