"""Time has one door. Inside it is aware UTC; people see Japan time.

The demo town and the tests live through days in seconds with pretending().
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from marketplace.kit.db import UTCDateTime, is_sqlite

JST = ZoneInfo("Asia/Tokyo")
_offset: timedelta | None = None


def now() -> datetime:
    """The present moment, aware, in UTC."""
    real = datetime.now(UTC)
    return real + _offset if _offset is not None else real


def jst(moment: datetime) -> datetime:
    return moment.astimezone(JST)


def midnight(day: date) -> datetime:
    """The first moment of a day in Japan."""
    return datetime(day.year, day.month, day.day, tzinfo=JST)


@contextmanager
def pretending(at: datetime) -> Iterator[None]:
    """In this process, for every thread, the clock stands at `at` and runs on from there.

    Only the main thread may: two that put the clock back in another order would leave it wrong for ever.
    """
    assert threading.current_thread() is threading.main_thread(), "the clock is everybody's"
    global _offset
    before = _offset
    _offset = at - datetime.now(UTC)
    try:
        yield
    finally:
        _offset = before


def database_now() -> sa.ColumnElement[Any]:
    """The moment as the database sees it, for deadlines tested inside a statement.

    clock_timestamp(), not now(): the latter is the start of the transaction, which may have waited for a lock.
    SQLite has no server and no clock of its own, and its writers hold the lock already.
    """
    if not database_has_clock():
        return sa.literal(now(), UTCDateTime())
    return sa.type_coerce(sa.func.clock_timestamp(), UTCDateTime())


def database_has_clock() -> bool:
    """Whether the database's own time counts, not now()."""
    return _offset is None and not is_sqlite()
