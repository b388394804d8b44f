"""Time in which the town's machine was away is given back to whoever was asked for an answer by then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.db import Base, db, writing


def answer_longer(
    kind: type[Base],
    waits: sa.ColumnElement[bool],
    deadline: Any,
    since: datetime,
    until: datetime,
    *,
    asked: Any = None,
    latest: Any = None,
) -> int:
    """Inside a transaction: move the deadline of each row that `waits` for an answer by what fell between these two of
    its time; how many.

    Args:
        deadline: a column of `kind`.
        asked: the column of the moment from which its time ran, where there is one.
        latest: gives for a row the moment after which an answer is of no use.
    """
    assert writing(), "answer_longer() belongs inside transaction()"
    begun = [deadline > since] if asked is None else [deadline > since, asked < until]
    key = sa.inspect(kind).primary_key[0]
    moved = 0
    for row_id in list(db.session.scalars(sa.select(key).where(waits, *begun).order_by(key))):
        still = sa.select(kind).where(key == row_id, waits, *begun).with_for_update(of=kind)
        row = db.session.scalar(still.execution_options(populate_existing=True))
        if row is None:
            continue  # answered meanwhile
        lost = until - (since if asked is None else max(since, getattr(row, asked.key)))
        moved_to = getattr(row, deadline.key) + lost
        if latest is not None:
            moved_to = min(moved_to, latest(row))
        minutes = (moved_to - getattr(row, deadline.key)) // timedelta(minutes=1)
        if minutes <= 0:
            continue
        setattr(row, deadline.key, moved_to)
        note(row.subject, "more_time_to_answer", until=moved_to.isoformat(), minutes=minutes)  # type: ignore[attr-defined]
        moved += 1
    return moved
