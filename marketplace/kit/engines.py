"""What an engine is told of its database before it is used: when a transaction begins, and what is not said aloud."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

SILENCE_S = 1.0


def use_sqlite_well(engine: sa.Engine) -> None:
    """WAL, and foreign keys. When a transaction begins, begin() says; a statement that stands alone needs no word: it
    takes the lock to write at once, and commits itself."""

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")


def begin(connection: sa.Connection) -> None:
    """Say that a transaction begins, which the option `writing` says to be one that writes.

    SQLite hears BEGIN IMMEDIATE from writers, since a deferred BEGIN that read first cannot be upgraded, and from
    readers BEGIN, so that they see one moment. On PostgreSQL each statement sees its own moment anyway (READ
    COMMITTED): who only reads begins and ends nothing, which would be as many words again to the server.

    The session asks for it (db.py), and so does begun(). As an event of the engine it would be two lines, and each
    statement dearer: once an engine has any, SQLAlchemy looks for listeners all around a statement, for a twentieth of
    what an order costs.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    if connection.get_execution_options().get("writing"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if on_sqlite else "BEGIN")
    elif on_sqlite:  # takes no lock yet, so it cannot fail, and goes past what SQLAlchemy does around a statement
        connection.connection.cursor().execute("BEGIN")


@contextmanager
def begun(engine: sa.Engine, *, writing: bool = False) -> Iterator[sa.Connection]:
    """A connection past the session, in a transaction of its own."""
    with engine.connect() as connection:
        connection.execution_options(writing=writing)
        with connection.begin():
            begin(connection)
            yield connection


def begin_for_portions(connection: sa.Connection) -> None:
    """Rows that are fetched in portions stay at PostgreSQL's server, which keeps them as long as a transaction lasts:
    one begins, unless the connection is in one already."""
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "postgresql" and driver.autocommit and driver.info.transaction_status == 0:
        connection.connection.cursor().execute("BEGIN")


def ask_after_silence(engine: sa.Engine) -> None:
    """A server may have been started anew since a connection was last used: one that was silent for SILENCE_S is asked
    before it is given out. To ask each time would be a third of what goes to the server.

    https://docs.sqlalchemy.org/en/21/core/pooling.html#custom-legacy-pessimistic-ping
    """

    @sa.event.listens_for(engine, "checkin")
    def on_checkin(_connection: Any, record: Any) -> None:
        record.info["silent_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("silent_since", math.inf) < SILENCE_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError from error  # the pool opens another one


def say_no_values(engine: sa.Engine) -> None:
    """Errors keep their first line alone: PostgreSQL adds what somebody wrote (DETAIL: Key (email)=(…) already exists),
    and errors are written into logs and the outbox."""

    @sa.event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error is not None and error.args:
                error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])
