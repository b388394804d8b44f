"""Is the journal whole, and if not, which row is wrong? docs/journal-v1.md tells a stranger how to ask the same.

Rows are read one after the other. Each must carry the next number and the hash of itself upon the hash before it. The
chain must end at its head, and go through every head of a day that somebody kept elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from enum import StrEnum
from typing import Any, NamedTuple

import rfc8785
import sqlalchemy as sa

from marketplace.journal.models import Entry, Head
from marketplace.journal.sealing import BATCH, BEFORE_ALL, digest, fields
from marketplace.kit.db import db, in_portions


class Wrong(StrEnum):
    """What may be wrong with a journal: `ja` for the desk, the value for the command line."""

    CHANGED = "was changed"
    MISSING = "is missing"
    INSERTED = "was put in"
    CUT = "is missing: the end of the journal was cut off"
    CHAINED_ANEW = "was changed, put in or taken out, and all after it chained anew"

    @property
    def ja(self) -> str:
        return WRONG_JA[self]


WRONG_JA = {
    Wrong.CHANGED: "が書きかえられています",
    Wrong.MISSING: "がなくなっています",
    Wrong.INSERTED: "があとから差しこまれています",
    Wrong.CUT: "から先がなくなっています。記録の終わりが切り取られています",
    Wrong.CHAINED_ANEW: "までのどこかが書きかえられ、つなぎ直されています",
}


class Row(NamedTuple):
    """One row as it is found: what the hash covers, its hash, and the one before where that is kept beside it."""

    fields: dict[str, Any]
    hash: str
    prev: str | None = None

    @property
    def seq(self) -> object:
        return self.fields.get("seq")

    def follows(self, prev: str) -> bool:
        """Whether its hash is that of this row upon `prev`."""
        return self.prev in (None, prev) and self.hash == _digest(prev, self.fields)


class Fixed(NamedTuple):
    """The head of a day as it was kept elsewhere, or stands on chain: `day` in words, seq and hash of the last row."""

    day: str
    seq: int
    hash: str


class Fault(NamedTuple):
    """The row that is wrong, by its number or place. `since`: it may be any from there on. `about`: what is in it."""

    seq: int
    wrong: Wrong
    since: int | None = None
    about: str = ""

    def __str__(self) -> str:
        about = f" ({self.about})" if self.about else ""
        if self.since is not None:
            return f"one of the rows {self.since} to {self.seq} {self.wrong}{about}"
        return f"row {self.seq}{about} {self.wrong}"


def check(
    rows: Iterable[Row],
    head: tuple[int, str],
    fixed: Sequence[Fixed] = (),
    after: tuple[int, str] = (0, BEFORE_ALL),
) -> Fault | None:
    """The first row that is wrong; None where the journal is whole.

    Args:
        rows: in the order in which they are kept.
        head: the end of the chain: number and hash of its last row.
        fixed: heads of days from elsewhere, oldest first.
        after: number and hash of the row before the first of `rows`.
    """
    days = {day.seq: day for day in fixed}
    count, prev = after
    sure = count
    for row, following, third in _with_next(rows):
        if row.seq != count + 1 or not row.follows(prev):
            return _named(row, following, prev, count + 1, head[0])
        if following is not None and following.seq == row.seq and following.follows(prev):
            # Both fit: the one from which the chain goes on is the right one.
            goes_on = third.follows(following.hash) if third else head[1] == following.hash
            return Fault(count + (1 if goes_on else 2), Wrong.INSERTED, about=_about(row if goes_on else following))
        prev, count = row.hash, count + 1
        if count in days:
            if days[count].hash != prev:
                return Fault(count, Wrong.CHAINED_ANEW, sure + 1, f"the head of {days[count].day} is another")
            sure = count
    if days and (last := max(days)) > count:
        return Fault(count + 1, Wrong.CUT, about=f"the head of {days[last].day} is row {last}")
    if head[0] > count:
        return Fault(count + 1, Wrong.CUT)
    if head[0] < count:
        return Fault(head[0] + 1, Wrong.INSERTED)
    return None if head[1] == prev else Fault(count, Wrong.CHANGED, about="the head has another hash")


def check_here(fixed: Sequence[Fixed] = ()) -> Fault | None:
    """check() of the journal in the database, as it is at this moment: see kit.db.see_one_moment()."""
    head = db.session.get(Head, 1, populate_existing=True)
    with closing(_kept()) as rows:
        return check(rows, (head.seq, head.hash) if head else (0, BEFORE_ALL), fixed)


def tail_fault(rows: int) -> Fault | None:
    """The first wrong row among about the last `rows`: quick, and blind for what is older (check_here() sees all)."""
    head = db.session.get(Head, 1, populate_existing=True)
    if head is None:
        return None
    before = db.session.execute(sa.select(Entry.seq, Entry.hash).where(Entry.seq == head.seq - rows)).one_or_none()
    after = (head.seq - rows, str(before.hash)) if before else (0, BEFORE_ALL)
    with closing(_kept(after[0])) as kept:
        return check(kept, (head.seq, head.hash), after=after)


def _kept(after: int = 0) -> Generator[Row, None, None]:
    rows = in_portions(sa.select(Entry).where(Entry.seq > after).order_by(Entry.seq), BATCH)
    with db.session.scalars(rows) as found:  # a check that ends early closes the server's cursor
        for entry in found:
            yield Row(fields(entry), str(entry.hash), entry.prev)


def _named(row: Row, following: Row | None, prev: str, expected: int, end: int) -> Fault:
    """What is wrong where `row` is not the one that is expected. The one after it tells: what was put in stands before
    the right one, what is missing leaves a gap of its size, and what was changed has its neighbours still."""
    next_seq = following.seq if following else None
    if expected > end or (following is not None and next_seq == expected and following.follows(prev)):
        return Fault(expected, Wrong.INSERTED, about=_about(row))
    if type(row.seq) is int and row.seq > expected and (next_seq == row.seq + 1 if following else row.seq == end):
        return Fault(expected, Wrong.MISSING)
    return Fault(expected, Wrong.CHANGED, about=_about(row))


def _about(row: Row) -> str:
    return " ".join(str(row.fields.get(name)) for name in ("subject", "event", "at"))[:160]


def _digest(prev: str, row: dict[str, Any]) -> str | None:
    """None for what has no canonical form: we never wrote such a row."""
    try:
        return digest(prev, row)
    except (rfc8785.CanonicalizationError, ValueError):
        return None


def _with_next(rows: Iterable[Row]) -> Iterator[tuple[Row, Row | None, Row | None]]:
    """Each row with the two after it."""
    waiting: deque[Row] = deque()
    for row in rows:
        waiting.append(row)
        if len(waiting) == 3:
            yield waiting[0], waiting[1], waiting[2]
            waiting.popleft()
    while waiting:
        yield waiting[0], waiting[1] if len(waiting) > 1 else None, None
        waiting.popleft()
