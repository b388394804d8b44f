"""What is compiled once in a process, not anew for the application of each test: addresses, pages and statements.

An application compiles some 430 addresses, each page that it shows and each statement that it sends; a test's lives for
half a second. A third of the suite's time went there.
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from marketplace.application import House
from marketplace.kit.web import Address


def remember() -> None:
    """From now on, in this process."""
    House.url_rule_class = Remembered
    House.jinja_options = {"bytecode_cache": Pages()}
    SQLAlchemy._make_engine = Statements(SQLAlchemy._make_engine).engine  # type: ignore[method-assign, assignment]


class Remembered(Address):
    """A rule that knows what an equal one, of another application, has become (werkzeug.routing.Rule.compile)."""

    known: ClassVar[dict[tuple[Any, ...], Rule]] = {}

    def compile(self) -> None:
        defaults = tuple(sorted((self.defaults or {}).items()))
        key = (self.rule, self.subdomain, self.host, self.strict_slashes, self.merge_slashes, defaults)
        same = self.known.get(key)
        if same is None:
            super().compile()
            self.known[key] = self
            return
        self.arguments = same.arguments
        self._parts, self._trace, self._converters = same._parts, same._trace, same._converters
        self._build = same._build.__func__.__get__(self, None)  # type: ignore[attr-defined]
        self._build_unknown = same._build_unknown.__func__.__get__(self, None)  # type: ignore[attr-defined]


class Pages(BytecodeCache):
    """Jinja's cache of compiled templates, in memory. A bucket is named by the file and the hash of its source."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key, bucket.checksum] = bucket.code


class Statements:
    """Engines with the dialect of the first that connected: compiled statements are kept by it, for all of them."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self.known: dict[str, sa.Engine] = {}

    def engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> sa.Engine:
        made: sa.Engine = self.make(db_of(app), bind_key, options | {"query_cache_size": 5000}, app)
        first = self.known.get(made.dialect.name)
        if first is None:
            sa.event.listen(made, "engine_connect", lambda _connection: self.known.setdefault(made.dialect.name, made))
            return made
        made.dialect = made.pool._dialect = first.dialect
        made._compiled_cache = first._compiled_cache
        return made


def db_of(app: Flask) -> SQLAlchemy:
    db: SQLAlchemy = app.extensions["sqlalchemy"]
    return db
