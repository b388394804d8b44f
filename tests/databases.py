"""Each test gets a database of its own: a copy of a template that is built once per run, on SQLite or on PostgreSQL.

Copies, not rolled back savepoints: what a test commits is committed, so that races and crashes in tests are real ones.
"""

import fcntl
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn, Protocol

import sqlalchemy as sa

from marketplace.application import create_app
from marketplace.kit import schema
from marketplace.kit.db import db
from marketplace.settings import Settings


def _untyped(moment: date) -> NoReturn:
    raise TypeError(f"{moment!r} comes to SQLite without a type: the driver's own way is gone in newer Pythons")


for kind in (date, datetime):
    sqlite3.register_adapter(kind, _untyped)


class Databases(Protocol):
    """Where copies come from."""

    def template(self, build: Callable[[str], None]) -> None:
        """Have `build` fill the database at the URL it is given, unless another process of this run has done it."""

    def copy(self, of: str = "") -> AbstractContextManager[str]:
        """The URL of a fresh copy of the template, or of the database at the URL `of`; it is gone afterwards.

        Nobody may be connected to `of` meanwhile.
        """

    def empty(self) -> AbstractContextManager[str]:
        """The URL of a database without tables, which is gone afterwards."""


class Sqlite:
    def __init__(self, shared: Path, own: Path) -> None:
        self.shared = shared
        self.own = own

    def template(self, build: Callable[[str], None]) -> None:
        finished = self.shared / "template.db"
        with _once(finished) as first:
            if first:
                unfinished = self.shared / "building.db"
                build(f"sqlite:///{unfinished}")
                assert not unfinished.with_name("building.db-wal").exists(), "the builder left a connection open"
                unfinished.rename(finished)

    @contextmanager
    def copy(self, of: str = "") -> Iterator[str]:
        with self._file() as file:
            shutil.copyfile(of.removeprefix("sqlite:///") or self.shared / "template.db", file)
            yield f"sqlite:///{file}"

    @contextmanager
    def empty(self) -> Iterator[str]:
        with self._file() as file:
            yield f"sqlite:///{file}"

    @contextmanager
    def _file(self) -> Iterator[Path]:
        file = self.own / f"{secrets.token_hex(8)}.db"
        yield file
        for left in (file, *(file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)


class Postgresql:
    def __init__(self, server: str, run: str, shared: Path) -> None:
        self.server = sa.make_url(server)
        self.run = run
        self.shared = shared
        self.engine = sa.create_engine(self.server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

    def template(self, build: Callable[[str], None]) -> None:
        finished = self.shared / "template.built"
        with _once(finished) as first:
            if first:
                self._execute(f"CREATE DATABASE hiroba_{self.run}")
                build(self._url(f"hiroba_{self.run}"))
                finished.touch()

    def copy(self, of: str = "") -> AbstractContextManager[str]:
        like = sa.make_url(of).database if of else f"hiroba_{self.run}"
        # PostgreSQL 15 and later. The files as they are: the other way writes all of them, 15 MB, to the log as well.
        return self._database(f"TEMPLATE {like} STRATEGY FILE_COPY")

    def empty(self) -> AbstractContextManager[str]:
        return self._database("TEMPLATE template0")

    @contextmanager
    def _database(self, like: str) -> Iterator[str]:
        name = f"hiroba_{self.run}_{secrets.token_hex(8)}"
        self._execute(f"CREATE DATABASE {name} {like}")
        try:
            yield self._url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def forget_template(self) -> None:
        """For a server that outlives the run."""
        self._execute(f"DROP DATABASE IF EXISTS hiroba_{self.run} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with self.engine.connect() as connection:
            connection.execute(sa.text(statement))

    def _url(self, name: str) -> str:
        return self.server.set(database=name).render_as_string(hide_password=False)


@contextmanager
def _once(finished: Path) -> Iterator[bool]:
    """Whether the block is the one to do the work; the other processes of the run wait until it has."""
    with finished.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not finished.exists()


def build(url: str, folder: Path) -> None:
    """Fill the database with our tables."""
    app = create_app(Settings(database_url=url, data_dir=folder))
    with app.app_context():
        schema.upgrade()
        db.engine.dispose()


def chosen() -> str:
    """sqlite or postgresql, by TEST_DATABASE."""
    name = os.environ.get("TEST_DATABASE", "sqlite")
    assert name in ("sqlite", "postgresql"), f"TEST_DATABASE={name}"
    return name
