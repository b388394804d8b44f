"""The database itself refuses to change the journal: a mistake in our code, or a hand on the database, is told no.

Whoever owns the database can take these triggers away; what then is changed shows in the chain of hashes, and what is
chained anew shows in the heads of days that stand on chain (days.py).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.journal.models import Day, Entry, Head

WRITTEN = ("id", "at", "subject", "event", "from_state", "to_state", "by", "why", "details")
"""The columns that are filled once, when a row is written. The others are its seal."""
TABLES = (Entry.__tablename__, Head.__tablename__, Day.__tablename__)
NEVER = "the journal is never changed"


def refusals(table: str, dialect: str) -> list[str]:
    """The statements that make `dialect` ("sqlite", "postgresql") refuse to change `table`, one of TABLES.

    A row of the journal is inserted without a seal and sealed once; its words never change, and it is never deleted.
    The end of the chain only moves forward. The head of a day never changes.
    """
    apart = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    forbidden: dict[str, dict[str, str]] = {
        "journal": {
            "insert": "NEW.seq IS NOT NULL",
            "update": " OR ".join(["OLD.seq IS NOT NULL", *(_changes(name, apart) for name in WRITTEN)]),
            "delete": "",
        },
        "journal_head": {"update": "NEW.seq <= OLD.seq", "delete": ""},
        "journal_days": {"update": "", "delete": ""},
    }
    if dialect == "sqlite":
        # REPLACE deletes without asking the trigger for it
        forbidden["journal"]["insert"] += " OR EXISTS (SELECT 1 FROM journal WHERE id = NEW.id)"
        return [_sqlite(table, act, when) for act, when in forbidden[table].items()]
    return [FUNCTION, *(_postgresql(table, act, when) for act, when in forbidden[table].items()), _emptying(table)]


def _changes(name: str, apart: str) -> str:
    if name == "details":  # json cannot be compared in PostgreSQL
        return f"CAST(NEW.{name} AS TEXT) {apart} CAST(OLD.{name} AS TEXT)"
    return f'NEW."{name}" {apart} OLD."{name}"'


def _sqlite(table: str, act: str, when: str) -> str:
    condition = f" WHEN {when}" if when else ""
    return (
        f"CREATE TRIGGER {table}_{act}_refused BEFORE {act.upper()} ON {table}{condition}"
        f" BEGIN SELECT RAISE(ABORT, '{NEVER}'); END"
    )


FUNCTION = (
    "CREATE OR REPLACE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" RAISE EXCEPTION '{NEVER}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def _postgresql(table: str, act: str, when: str) -> str:
    condition = f" WHEN ({when})" if when else ""
    return (
        f"CREATE TRIGGER {table}_{act}_refused BEFORE {act.upper()} ON {table} FOR EACH ROW{condition}"
        " EXECUTE FUNCTION journal_refuses()"
    )


def _emptying(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_truncate_refused BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
        " EXECUTE FUNCTION journal_refuses()"
    )


def _guard(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    for statement in refusals(table.name, connection.dialect.name):
        connection.execute(sa.text(statement))


for _model in (Entry, Head, Day):
    sa.event.listen(_model.__table__, "after_create", _guard)
