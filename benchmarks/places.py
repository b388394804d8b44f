"""Where a measured town lives: an SQLite file or a PostgreSQL server, made for the occasion."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from marketplace.application import create_app
from marketplace.kit import schema
from marketplace.kit.db import db
from marketplace.settings import Settings
from tests import postgres
from tests.databases import Postgresql

DATABASES = ("sqlite", "postgresql")
SECRET = "a benchmark's secret"  # noqa: S105 -- of a town that lives for a minute


@contextmanager
def database(name: str, *, lasting: bool = False) -> Iterator[str]:
    """The URL of an empty one of DATABASES. For PostgreSQL: on TEST_DATABASE_URL's server, else on the suite's own,
    which forgets everything when it falls; a `lasting` one writes as a town's does."""
    with ExitStack() as stack:
        if name == "sqlite":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            yield f"sqlite:///{folder / 'town.db'}"
        else:
            server = stack.enter_context(postgres.server(lasting=lasting))
            yield stack.enter_context(Postgresql(server, "measured", Path()).empty())


@dataclass(frozen=True)
class Town:
    """A town without processes. `env`: what gives the same town to a process."""

    app: Flask
    env: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.env}


@contextmanager
def town(name: str, *, lasting: bool = False, **knobs: Any) -> Iterator[Town]:
    """A new town on an empty database of that name, its context open. `knobs`: settings that are not the usual ones."""
    with database(name, lasting=lasting) as url, tempfile.TemporaryDirectory() as folder:
        given = {"database_url": url, "secret_key": SECRET, "data_dir": folder, "notice_days_sealed": 0, **knobs}
        app = create_app(Settings(**given))
        with app.app_context():
            schema.upgrade()
            try:
                yield Town(app, {key.upper(): str(value) for key, value in given.items()})
            finally:
                let_go()


def let_go() -> None:
    """No connection of this process is left, which a process that is forked or measured might share or wait for."""
    db.session.remove()
    db.engine.dispose()
