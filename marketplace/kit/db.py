"""The database: one declarative base, one way to read, one way to write."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy import session as theirs
from sqlalchemy import orm
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from marketplace.kit.engines import begin, begin_for_portions, begun

log = logging.getLogger(__name__)
Row = TypeVar("Row", bound="Base")
State = TypeVar("State", bound=StrEnum)
Query = TypeVar("Query", bound=sa.Executable)


class UTCDateTime(sa.TypeDecorator[datetime]):
    """An aware UTC datetime in Python, whatever the database keeps."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a datetime without a zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


NEVER_TWICE = {"sqlite_autoincrement": True}
"""For tables whose rows are deleted, while promises and letters elsewhere are keyed by their ids: SQLite would give the
highest one again. https://sqlite.org/autoinc.html"""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    # On the registry, not on the class: Flask-SQLAlchemy builds the class anew.
    registry = orm.registry(
        type_annotation_map={datetime: UTCDateTime(), dict[str, Any]: sa.JSON(), list[Any]: sa.JSON()},
        metadata=sa.MetaData(naming_convention=NAMES),
    )


class OneEngine(theirs.Session):
    """There is one database: Flask-SQLAlchemy would ask at each statement which of several the table is in."""

    @cached_property
    def _engine(self) -> sa.Engine:
        return self._db.engine

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: sa.Engine | sa.Connection | None = None, **_more: Any
    ) -> sa.Engine | sa.Connection:
        return self._engine if bind is None else bind


db = SQLAlchemy(model_class=Base, session_options={"class_": OneEngine})


def state_column(
    states: type[State],
    *,
    name: str = "state",
    nullable: bool = False,
    default: Callable[[], State] | None = None,
    primary_key: bool = False,
) -> Mapped[Any]:
    """A StrEnum kept as its value, with a CHECK that knows the values."""
    kind = sa.Enum(
        states,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda enum: [member.value for member in enum],
    )
    return mapped_column(kind, nullable=nullable, default=default, primary_key=primary_key)


one_writer = threading.RLock()
"""The turn to write on SQLite. Who will write in any case may take it before transaction() does."""


def _turn_to_write() -> AbstractContextManager[object]:
    """On SQLite the threads of one process queue here, where they wake each other in no time.

    SQLite itself lets each that waits sleep and try again: of fifty, some are passed over until their patience ends.
    """
    return one_writer if is_sqlite() else nullcontext()


def writing() -> bool:
    """Is a transaction() open here? Ports refuse to speak to the network while it is."""
    return bool(db.session.registry.has() and db.session().info.get("writing"))


def let_go() -> None:
    """Leave the read snapshot before what may take long: a network that is slow holds no connection, and no row that
    the database would clear away. Never inside transaction(), which would lose what it wrote."""
    assert not writing(), "let_go() belongs outside transaction()"
    db.session.rollback()


@sa.event.listens_for(db.session, "before_flush")
def _only_inside(session: Session, _context: object, _objects: object) -> None:
    """A row that was changed outside would be written at once where nothing begins (engines.py), or else be lost."""
    if not session.info.get("writing"):
        raise RuntimeError("rows change inside transaction() alone")


@sa.event.listens_for(db.session, "after_begin")
def _begin(_session: Session, _transaction: orm.SessionTransaction, connection: sa.Connection) -> None:
    begin(connection)


@contextmanager
def transaction() -> Iterator[Session]:
    """Write inside this block: all of it happens, or none of it. A block inside a block joins it.

    On SQLite the write lock is taken at the start, so what a block checks still holds when it ends;
    on PostgreSQL lock() the rows that the check looks at.
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    session.rollback()  # leave the read snapshot: what was read before may be stale
    with _turn_to_write():
        session.info["writing"] = True
        try:
            session.connection(execution_options={"writing": True})
            yield session
            session.commit()
        except BaseException:
            session.info.pop("after_commit", None)
            session.rollback()
            raise
        finally:
            session.info.pop("writing", None)
    for act in session.info.pop("after_commit", []):
        try:
            act()
        except Exception:  # a bell that does not ring: the sweep finds what it missed
            log.exception("after commit")


@contextmanager
def statements() -> Iterator[sa.Connection]:
    """A transaction of statements alone, without the session's objects: for what everybody does at the same moment.

    As transaction(), and inside one it joins it.
    """
    if db.session.registry.has():
        session = db.session()
        if session.info.get("writing"):
            yield session.connection()
            return
        session.rollback()  # its snapshot is of before
    with _turn_to_write(), begun(db.engine, writing=True) as connection:
        yield connection


def alone(statement: sa.Executable, values: dict[str, Any]) -> list[sa.Row[Any]]:
    """One statement that is a transaction by itself; the rows that it gives back. Inside transaction() it joins it.

    Neither database need be told where such a one begins and ends: on PostgreSQL that is two journeys of three.
    """
    if writing():
        return _rows(db.session.connection().execute(statement, values))
    if db.session.registry.has():
        db.session.rollback()  # its snapshot is of before
    with _turn_to_write(), db.engine.connect() as connection:
        return _rows(connection.execute(statement, values))


def _rows(result: sa.CursorResult[Any]) -> list[sa.Row[Any]]:
    return list(result) if result.returns_rows else []


def after_commit(act: Callable[[], Any]) -> None:
    """Have `act` done when this transaction has committed; forget it if it does not."""
    session = db.session()
    assert session.info.get("writing"), "after_commit() belongs inside transaction()"
    session.info.setdefault("after_commit", []).append(act)


def get(entity: type[Row], key: object) -> Row:
    """The row by its primary key. LookupError where there is none."""
    row = _held(entity, key)
    if row is None:
        row = db.session.scalar(_by_key(entity), _parts(key))
    if row is None:
        raise LookupError(f"{entity.__name__} {key}")
    return row


def lock(entity: type[Row], key: object) -> Row:
    """The row, fresh and held until this transaction ends. LookupError where there is none."""
    assert writing(), "lock() belongs inside transaction()"
    row: Row | None = db.session.scalar(_by_key(entity, locked=True), _parts(key))
    if row is None:
        raise LookupError(f"{entity.__name__} {key}")
    return row


def one_by_one(what: str) -> None:
    """Inside a transaction: nobody else comes past here for the same thing until it ends. For what is compared with
    rows that are not there yet, and so can't be held."""
    assert writing(), "one_by_one() belongs inside transaction()"
    if not is_sqlite():  # where whoever writes is alone
        db.session.execute(_IN_LINE, {"what": f"hiroba: {what}"})


def _held(entity: type[Row], key: object) -> Row | None:
    """The row that this session has read already, if it need not look again."""
    row: Row | None = db.session.identity_map.get(orm.util.identity_key(entity, key))
    return row if row is not None and not orm.attributes.instance_state(row).expired else None


@cache
def _by_key(entity: type[Row], *, locked: bool = False) -> sa.Select[Row]:
    """The statement, built once: Session.get() puts its own together each time, for half of what it costs."""
    key = (column == sa.bindparam(f"key_{n}") for n, column in enumerate(sa.inspect(entity).primary_key))
    query = sa.select(entity).where(*key)
    return query.with_for_update().execution_options(populate_existing=True) if locked else query


def _parts(key: object) -> dict[str, object]:
    return {f"key_{n}": part for n, part in enumerate(key if isinstance(key, tuple) else (key,))}


_IN_LINE = sa.text("SELECT pg_advisory_xact_lock(hashtext(:what))")


def is_sqlite() -> bool:
    return db.session().get_bind().dialect.name == "sqlite"


def in_portions(query: Query, rows: int) -> Query:
    """`query`, so many of whose rows are in memory at a time; to be asked at once. On PostgreSQL until the session is
    rolled back."""
    begin_for_portions(db.session.connection())
    return query.execution_options(yield_per=rows)


def see_one_moment() -> None:
    """All reads of this session see the tables as they are now, until it is rolled back; SQLite's do by themselves."""
    db.session.rollback()
    if not is_sqlite():
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def insert_once(entity: type[Base], values: dict[str, Any]) -> int | None:
    """INSERT … ON CONFLICT DO NOTHING: the new row's id, or None where a unique rule already holds one."""
    assert writing(), "insert_once() belongs inside transaction()"
    return db.session.execute(_insert_once(entity, is_sqlite()), values).scalar()


def insert_each_once(entity: type[Base], rows: list[dict[str, Any]]) -> list[int]:
    """insert_once() of several rows with the same keys, in one statement: the ids of the new ones, in no order."""
    assert writing(), "insert_each_once() belongs inside transaction()"
    return list(db.session.execute(_insert_once(entity, is_sqlite()), rows).scalars()) if rows else []


@cache
def _insert_once(entity: type[Base], on_sqlite: bool) -> Any:
    """The statement, built once: of the table, since the ORM would work out anew each time what that already says."""
    insert: Any
    if on_sqlite:
        from sqlalchemy.dialects.sqlite import insert  # noqa: PLC0415 -- one of two dialects, chosen at run time
    else:
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 -- as above
    table = entity.__table__
    assert isinstance(table, sa.Table)
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)
