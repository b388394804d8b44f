"""Tables of which the database itself refuses to change what is written: a mistake in our code, or a hand on the
database, is told no.

Whoever owns the database can take these triggers away. What shows that is said where the tables are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

Forbidden = Callable[[str], Mapping[str, str]]
"""Of a dialect ("sqlite", "postgresql"): {what may not be done (insert, update, delete): to which rows, "" for all}."""


class Guard(NamedTuple):
    forbidden: Forbidden
    never: str
    """What the database says."""


GUARDED: dict[str, Guard] = {}


def guard(model: Any, forbidden: Forbidden, never: str) -> None:
    """From its creation on, the model's table refuses that."""
    GUARDED[model.__tablename__] = Guard(forbidden, never)
    sa.event.listen(model.__table__, "after_create", _set_up)


def refusals(table: str, dialect: str) -> list[str]:
    """The statements that make `dialect` refuse it."""
    forbidden, never = GUARDED[table].forbidden(dialect), GUARDED[table].never
    if dialect == "sqlite":
        return [_sqlite(table, act, when, never) for act, when in forbidden.items()]
    rows = [_postgresql(table, act, when, never) for act, when in forbidden.items()]
    return [FUNCTION, *rows, _emptying(table, never)]


def _sqlite(table: str, act: str, when: str, never: str) -> str:
    condition = f" WHEN {when}" if when else ""
    return (
        f"CREATE TRIGGER {table}_{act}_refused BEFORE {act.upper()} ON {table}{condition}"
        f" BEGIN SELECT RAISE(ABORT, '{never}'); END"
    )


FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"
)
GONE = "DROP FUNCTION IF EXISTS refuses()"
"""PostgreSQL keeps the function when the last of the tables goes."""


def _postgresql(table: str, act: str, when: str, never: str) -> str:
    condition = f" WHEN ({when})" if when else ""
    return (
        f"CREATE TRIGGER {table}_{act}_refused BEFORE {act.upper()} ON {table} FOR EACH ROW{condition}"
        f" EXECUTE FUNCTION refuses('{never}')"
    )


def _emptying(table: str, never: str) -> str:
    return (
        f"CREATE TRIGGER {table}_truncate_refused BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
        f" EXECUTE FUNCTION refuses('{never}')"
    )


def _set_up(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    for statement in refusals(table.name, connection.dialect.name):
        connection.execute(sa.text(statement))
