"""What an engine is told of its database before it is used: when a transaction begins, and what is not said aloud."""

from __future__ import annotations

import math
import time
from typing import Any

import sqlalchemy as sa

SILENCE_S = 1.0


def use_sqlite_well(engine: sa.Engine) -> None:
    """WAL, foreign keys, and BEGIN IMMEDIATE for writers: a deferred BEGIN that read first cannot be upgraded. A
    statement that stands `alone` needs none: it takes the lock to write at once, and commits itself."""

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=15000"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if options.get("writing"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif not options.get("alone"):
            # Takes no lock yet, so it cannot fail, and goes past what SQLAlchemy does around a statement.
            connection.connection.cursor().execute("BEGIN")


def begin_to_write(engine: sa.Engine) -> None:
    """For PostgreSQL, where each statement sees its own moment anyway (READ COMMITTED): who only reads begins and ends
    nothing, which would be as many words again to the server. The engine's isolation level is AUTOCOMMIT."""

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writing"):
            connection.exec_driver_sql("BEGIN")

    @sa.event.listens_for(engine, "before_cursor_execute")
    def on_execute(connection: sa.Connection, _c: object, _s: str, _p: object, context: Any, _many: bool) -> None:
        """Rows that are fetched in portions (yield_per) stay at the server, which keeps them as long as a transaction
        lasts: here until the session is rolled back."""
        if context.execution_options.get("stream_results") and _at_rest(connection):
            connection.connection.cursor().execute("BEGIN")


def _at_rest(connection: sa.Connection) -> bool:
    """No transaction is open at the server."""
    dbapi_connection: Any = connection.connection.dbapi_connection
    return bool(dbapi_connection.autocommit and dbapi_connection.info.transaction_status == 0)


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
