"""What is compiled once in a process, not anew for the application of each test: addresses, pages and statements.

An application compiles some 480 addresses and puts them into a tree, each page that it shows and each statement that it
sends; a test's lives for half a second. A third of the suite's time went there.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Map, Rule, RuleFactory
from werkzeug.routing.matcher import StateMachineMatcher

from marketplace.foundation import House
from marketplace.kit.web import Address


def remember() -> None:
    """From now on, in this process."""
    House.url_rule_class = Addresses()  # type: ignore[assignment]
    House.url_map_class = Streets
    House.jinja_options = {"bytecode_cache": Pages()}
    SQLAlchemy._make_engine = Statements(SQLAlchemy._make_engine).engine  # type: ignore[method-assign, assignment]


class Addresses:
    """Makes a rule as Flask asks for it, once: to the next application it gives the one that is bound and compiled."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], Address] = {}

    def __call__(self, rule: str, *, methods: set[str], defaults: dict[str, Any] | None = None, **more: Any) -> Address:
        key = (rule, frozenset(methods), *(defaults or {}).items(), *sorted(more.items()))
        same = self.known.get(key)
        return same or self.known.setdefault(key, Address(rule, methods=methods, defaults=defaults, **more))


class Streets(Map):
    """A map of such rules. It becomes that of the map before it that had just them, when it is first asked the way."""

    known: ClassVar[dict[tuple[int, ...], Streets]] = {}
    building: ClassVar[Lock] = Lock()

    def __init__(self, *args: Any, **options: Any) -> None:
        self.added: list[Rule] = []
        super().__init__(*args, **options)

    def add(self, rulefactory: RuleFactory) -> None:
        self.added.extend(rulefactory.get_rules(self))
        self._remap = True

    def update(self) -> None:
        if not self._remap:
            return
        with self.building:
            same = self.known.setdefault(tuple(map(id, self.added)), self)  # whose rules live as long as it is known
            if same is self:
                self.build()
            self._matcher, self._rules_by_endpoint = same._matcher, same._rules_by_endpoint
            self._remap = False

    def build(self) -> None:
        """As Map.add and Map.update do it; a rule that another map knows, with others, is bound already."""
        self._matcher, self._rules_by_endpoint = StateMachineMatcher(self.merge_slashes), {}
        for rule in self.added:
            if rule.map is None:
                rule.bind(self)
            self._matcher.add(rule)
            self._rules_by_endpoint.setdefault(rule.endpoint, []).append(rule)
        self._matcher.update()
        for rules in self._rules_by_endpoint.values():
            rules.sort(key=Rule.build_compare_key)


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
