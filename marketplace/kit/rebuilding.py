"""What SQLite would refuse or lose when a migration builds a table anew.

It can add a column and not much else; for whatever is more, Alembic (`batch_alter_table`) copies the rows into a new
table, drops the old one and gives its name to the new one. https://sqlite.org/lang_altertable.html#otheralter
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

NEW = "_alembic_tmp_"
"""How the new table is called until the old one is gone."""


@contextmanager
def migrating(connection: sa.Connection) -> Iterator[None]:
    """The one transaction in which the schema is changed; committed at the end. On SQLite, what is built anew in it

    - may be dropped while rows elsewhere refer to it; whoever refers to nothing in the end is refused,
    - still gives no id twice (db.py, NEVER_TWICE), nor one of a row that is gone,
    - keeps its triggers, as on PostgreSQL: those of the journal refuse what is never to be.
    """
    if connection.dialect.name != "sqlite":
        yield
        connection.commit()
        return
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")  # inside a transaction it would be passed over
    triggers: dict[str, str] = {}

    def before_create(table: sa.Table, connection: sa.Connection, **_more: object) -> None:
        if table.name.startswith(NEW):
            old = table.name.removeprefix(NEW)
            _number_as_before(table, old, connection)
            triggers.update(_triggers(connection, old))

    sa.event.listen(sa.Table, "before_create", before_create)
    try:
        last = _last_numbers(connection)
        yield
        for trigger in triggers.keys() - _triggers(connection).keys():
            connection.exec_driver_sql(triggers[trigger])
        _go_on_from(connection, last)
        _see_that_all_refer_to_something(connection)
        connection.commit()
    finally:
        sa.event.remove(sa.Table, "before_create", before_create)
        connection.rollback()
        if not connection.invalidated:  # else it is closed, and no other one gets it
            driver.execute("PRAGMA foreign_keys=ON")


def _number_as_before(table: sa.Table, old: str, connection: sa.Connection) -> None:
    """What Alembic read of the old table does not say that it has AUTOINCREMENT."""
    if old in _never_twice(connection):
        table.dialect_options["sqlite"]["autoincrement"] = True


def _triggers(connection: sa.Connection, table: str | None = None) -> dict[str, str]:
    """{name: how it is made}, of one table or of all. SQLite drops them with the table."""
    found = connection.execute(sa.text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return {row.name: row.sql for row in found if table in (None, row.tbl_name)}


def _never_twice(connection: sa.Connection) -> set[str]:
    tables = sa.text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
    return set(connection.scalars(tables))


def _last_numbers(connection: sa.Connection) -> dict[str, int]:
    """The last id that each of these tables gave out. SQLite forgets it with the table."""
    if not _never_twice(connection):
        return {}
    return {row.name: row.seq for row in connection.execute(sa.text("SELECT name, seq FROM sqlite_sequence"))}


def _go_on_from(connection: sa.Connection, last: dict[str, int]) -> None:
    known = _last_numbers(connection)
    for table in _never_twice(connection) & last.keys():
        if known.get(table, 0) < last[table]:
            connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :table"), {"table": table})
            row = {"table": table, "last": last[table]}
            connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)"), row)


def _see_that_all_refer_to_something(connection: sa.Connection) -> None:
    if lost := connection.execute(sa.text("PRAGMA foreign_key_check")).all():
        table, row, other, _ = lost[0]
        raise RuntimeError(f"nothing was changed: row {row} of {table} would refer to no row of {other}")
