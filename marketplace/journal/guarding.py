"""The database itself refuses to change the journal.

Whoever owns the database can take the triggers away; what then is changed shows in the chain of hashes, and what is
chained anew shows in the heads of days that stand on chain (days.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.journal.models import Day, Entry, Head
from marketplace.kit.guarding import guard

WRITTEN = ("id", "at", "subject", "event", "from_state", "to_state", "by", "why", "details")
"""The columns that are filled once, when a row is written. The others are its seal."""
TABLES = (Entry.__tablename__, Head.__tablename__, Day.__tablename__)
NEVER = "the journal is never changed"


def _entries(dialect: str) -> Mapping[str, str]:
    """A row is inserted without a seal and sealed once; its words never change, and it is never deleted."""
    apart = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    sealed = "NEW.seq IS NOT NULL"
    if dialect == "sqlite":  # REPLACE deletes without asking the trigger for it
        sealed += " OR EXISTS (SELECT 1 FROM journal WHERE id = NEW.id)"
    changed = " OR ".join(["OLD.seq IS NOT NULL", *(_changes(name, apart) for name in WRITTEN)])
    return {"insert": sealed, "update": changed, "delete": ""}


def _changes(name: str, apart: str) -> str:
    if name == "details":  # json cannot be compared in PostgreSQL
        return f"CAST(NEW.{name} AS TEXT) {apart} CAST(OLD.{name} AS TEXT)"
    return f'NEW."{name}" {apart} OLD."{name}"'


guard(Entry, _entries, NEVER)
guard(Head, lambda _dialect: {"update": "NEW.seq <= OLD.seq", "delete": ""}, NEVER)  # only forward
guard(Day, lambda _dialect: {"update": "", "delete": ""}, NEVER)
