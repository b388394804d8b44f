"""Tables out of a database and into an empty one, by what each database has for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.operating.digests import tables

GUARDED = ("journal", "journal_head", "journal_days")
"""Tables whose triggers refuse rows that come with their seal."""


def copy_sqlite(target: Path) -> None:
    """SQLite: the database as this session sees it, while others read and write.

    A backup whose source is in a read transaction copies what that transaction sees; and in one step, because one in
    many would begin again whenever somebody writes.
    """
    db.session.execute(sa.text("SELECT count(*) FROM sqlite_schema"))  # from here on it is one moment
    with closing(sqlite3.connect(target)) as there:
        _driver().backup(there)


def rows_of(table: sa.Table) -> Iterator[bytes]:
    """PostgreSQL: the table's rows as COPY writes them, in the order of the primary key, as this session sees them."""
    order = ", ".join(_quoted(column.name) for column in table.primary_key)
    rows = f"SELECT {_columns(table)} FROM {_quoted(table.name)} ORDER BY {order}"  # noqa: S608 -- names of our models
    with _driver().cursor().copy(f"COPY ({rows}) TO STDOUT") as out:
        for piece in out:
            yield bytes(piece)


def load(table: str, columns: list[str], content: Iterable[bytes]) -> None:
    """PostgreSQL: put rows back as rows_of() gave them, in the session's transaction.

    By names: what a program of before has copied may be a table or a column that ours does not know any more, or lack
    one that ours has. The tables that it refers to come first; see columns_of_all().
    """
    if table in GUARDED:
        _run(f"ALTER TABLE {_quoted(table)} DISABLE TRIGGER USER")
    names = ", ".join(map(_quoted, columns))
    with _driver().cursor().copy(f"COPY {_quoted(table)} ({names}) FROM STDIN") as into:
        for piece in content:
            into.write(piece)
    if table in GUARDED:
        _run(f"ALTER TABLE {_quoted(table)} ENABLE TRIGGER USER")


def columns_of_all() -> list[dict[str, Any]]:
    """[{"table", "columns"}]: what rows_of() gives of each table. Those that others refer to come first."""
    return [{"table": table.name, "columns": [column.name for column in table.columns]} for table in tables()]


def last_numbers() -> dict[str, int]:
    """PostgreSQL: {sequence: the last id that it gave out}. Ids of rows that are gone must not be given again.

    Without its schema, as tables are: that is where the database's own search_path leads.
    """
    found: dict[str, int] = {}
    for table in tables():
        if (sequence := _sequence(table)) is not None:
            last, used = db.session.execute(sa.text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608 -- as PostgreSQL names it
            if used:
                found[sequence.rpartition(".")[2]] = last
    return found


def go_on_from(numbers: dict[str, int]) -> None:
    """PostgreSQL: the next id of each sequence is the one after last_numbers()."""
    for sequence, last in numbers.items():
        db.session.execute(sa.select(sa.func.setval(sequence, last)))


def rows_in(table: str) -> int:
    """How many, whether a model of ours knows the table or not."""
    count = db.session.scalar(sa.select(sa.func.count()).select_from(sa.table(table)))
    assert count is not None
    return count


def _sequence(table: sa.Table) -> str | None:
    column = table.autoincrement_column
    if column is None:
        return None
    found: str | None = db.session.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
    return found


def _columns(table: sa.Table) -> str:
    return ", ".join(_quoted(column.name) for column in table.columns)


def _quoted(name: str) -> str:
    return db.engine.dialect.identifier_preparer.quote(name)


def _run(statement: str) -> None:
    db.session.execute(sa.text(statement))


def _driver() -> Any:
    """The driver's own connection under the session's, and so in its transaction."""
    connection = db.session.connection().connection.driver_connection
    assert connection is not None
    return connection
