"""The schema: which one the database has, which one this program works with, and the way from the one to the other.

Migrations are Alembic's. It is loaded only by who takes that way, and not by each program that starts. What these ask,
the migrations' own texts and Alembic's own table answer.
"""

from __future__ import annotations

import ast
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from marketplace.kit.db import db

log = logging.getLogger(__name__)
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
TURN = sa.text("SELECT pg_try_advisory_lock(hashtext('hiroba: migrate'))")
OVER = sa.text("SELECT pg_advisory_unlock(hashtext('hiroba: migrate'))")


def is_present() -> bool:
    """Whether the database has the tables of this program. Raises SQLAlchemyError where it does not answer."""
    return _found() == [head()]


def is_newer() -> bool:
    """Whether it has those of a later program than this one, which knows of no way there. Raises SQLAlchemyError."""
    return any(not knows(revision) for revision in _found())


def _found() -> list[str]:
    """What Alembic wrote down of the database; nothing where it is not there or empty."""
    if missing_file():
        return []
    with db.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return []
        return list(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))


def missing_file() -> Path | None:
    """Of a database that SQLite would make by being asked."""
    url = db.engine.url
    file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    return file if file and not file.exists() else None


def wait_until_present(stop: threading.Event) -> bool:
    """For who may be started before `migrate`, or before the database: whether its tables are there, of this program or
    of a later one. False where `stop` came first."""
    waits = False
    while not _is_usable():
        if not waits:
            waits = True
            log.warning("waits for the town's tables: python -m marketplace migrate makes them; doctor tells more")
        if stop.wait(1):
            return False
    return True


def _is_usable() -> bool:
    try:
        return any(revision == head() or not knows(revision) for revision in _found())
    except sa.exc.OperationalError:
        return False


@lru_cache
def head() -> str:
    """The revision that this program works with: the one that comes before no other."""
    (last,) = _revisions().keys() - set(_revisions().values())
    return last


def knows(revision: str) -> bool:
    """Whether it is the schema of this program, or of one before it."""
    return revision in _revisions()


@lru_cache
def _revisions() -> dict[str, str | None]:
    """Each revision, and the one before it. https://alembic.sqlalchemy.org/en/latest/tutorial.html#create-a-migration-script"""
    named = [_names(file) for file in (MIGRATIONS / "versions").glob("*.py")]
    return {each["revision"]: each["down_revision"] for each in named}


def _names(file: Path) -> dict[str, Any]:
    """What a migration gives a name to. It is read, not run: to run it takes Alembic."""
    return {
        target.id: line.value.value
        for line in ast.parse(file.read_text("utf-8")).body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
        for target in line.targets
        if isinstance(target, ast.Name)
    }


def upgrade(revision: str = "head") -> None:
    """Bring the database to this revision. Of several hosts that do it at once, one does it while the others wait."""
    with _in_turn():
        _migrations().upgrade(revision=revision)


def downgrade() -> None:
    """Undo the last migration."""
    with _in_turn():
        _migrations().downgrade()


def write_migration(message: str) -> None:
    """A new file in migrations/versions, from what the database has to what the models say."""
    _migrations().migrate(message=message)


@contextmanager
def _in_turn() -> Iterator[None]:
    """SQLite lets one write at a time, and Alembic looks where it stands only then. PostgreSQL lets two begin: they
    take turns there by a lock that goes with its connection, however that ends, and keeps nobody else from anything.

    It is asked for again and again: who waits in PostgreSQL's own queue is sent away by `lock_timeout`.
    """
    if db.engine.dialect.name == "sqlite":
        yield
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(TURN):
            log.warning("waits for another process that changes the schema just now")
            while not connection.scalar(TURN):
                time.sleep(0.2)
        try:
            yield
        finally:
            connection.execute(OVER)


def _migrations() -> Any:
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # what it is made of is no news
    import flask_migrate  # noqa: PLC0415 -- see above

    if "migrate" not in current_app.extensions:
        flask_migrate.Migrate(current_app, db, directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)
    return flask_migrate
