"""The one door for a change of state."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import rfc8785
import sqlalchemy as sa

from marketplace.journal.models import Entry
from marketplace.kit.clock import now
from marketplace.kit.db import db, writing
from marketplace.kit.published import canon
from marketplace.kit.state import Machine

SYSTEM = "system"

_journal = Entry.__table__
assert isinstance(_journal, sa.Table)
_INTO_JOURNAL = sa.insert(_journal)
"""Of the table, since nobody holds what is written here: a row that the session kept would cost thrice as much. And by
the connection: whoever moves a row may be about to write down what goes with its new state."""


class Mover(Protocol):
    """A row that has states: its table of moves, its state, and how the journal calls it ('order:ORD-…')."""

    MOVES: ClassVar[Machine[Any]]
    state: Any

    @property
    def subject(self) -> str: ...


def move(row: Mover, event: str, *, by: str = SYSTEM, why: str = "", **details: Any) -> None:
    """Move `row` by `event` and write it down. WrongState where the table has no such move.

    `by` is 'buyer:ACC-…', 'staff:ACC-…', 'applicant:<receipt number>' or 'system': a code, never a name.
    """
    assert writing(), "move() belongs inside transaction()"
    old = row.state
    new = row.MOVES.next(old, event)
    row.state = new
    _write(row.subject, event, by, why, details, str(old), str(new))


def note(subject: str, event: str, *, by: str = SYSTEM, why: str = "", **details: Any) -> None:
    """Write down something that moved no state: a beginning, a look, a publication."""
    assert writing(), "note() belongs inside transaction()"
    _write(subject, event, by, why, details, None, None)


def _write(
    subject: str, event: str, by: str, why: str, details: dict[str, Any], old: str | None, new: str | None
) -> None:
    # What has no canonical form could never be sealed: better no move than no seal.
    if canon(details) != rfc8785.dumps(details):
        raise ValueError("the journal keeps text, whole numbers, truths and lists of them, under ASCII keys")
    row = {"subject": subject, "event": event, "by": by, "why": why, "details": details}
    db.session.connection().execute(_INTO_JOURNAL, {"at": now(), **row, "from_state": old, "to_state": new})
