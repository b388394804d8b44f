"""Where the server keeps its objects: one SQLite table, one unit of work per request.

An object is loaded once per unit of work and handed out as the same dict every time; what differs at the end is
written back in one transaction. A request that dies in the middle leaves nothing.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marketplace.devstripe.objects import Thing, blank, new_id
from marketplace.devstripe.refusals import invalid, unknown

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    due INTEGER,                -- when time alone will change it (`_due`)
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS object_by_kind ON object (kind, created);
CREATE INDEX IF NOT EXISTS object_by_due ON object (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_by_intent ON object (kind, json_extract(body, '$.payment_intent'));
CREATE TABLE IF NOT EXISTS reply (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at INTEGER NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, request TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS delivery (
    n INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, event TEXT NOT NULL,
    due REAL NOT NULL, attempt INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_TABLES = ("object", "reply", "delivery", "setting")


class Store:
    """`path` is a file or ":memory:". One writer at a time; every read and write happens inside `work()`."""

    def __init__(self, path: str) -> None:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")  # survives a killed process; a power cut is no concern of play money
        self._db.executescript(_SCHEMA)
        self._loaded: dict[str, tuple[Thing, str | None]] = {}
        self._depth = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """All of it is written, or none of it. A block inside a block joins it."""
        with self._lock:
            if self._depth:
                yield
                return
            self._depth = 1
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._flush()
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0
                self._loaded.clear()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def clear(self) -> None:
        """Forget everything."""
        for table in _TABLES:
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608  the names are ours
        self._loaded.clear()

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """For the tables beside the objects: deliveries, replies, settings."""
        return self._db.execute(statement, values).fetchall()

    def new(self, resource: Any, prefix: str, created: int, **fields: Any) -> Thing:
        """A new object of the client's class `resource`, e.g. stripe.Refund, laid out with all its keys."""
        thing = blank(resource)
        own = {"id": new_id(prefix), "object": resource.OBJECT_NAME, "created": created, "livemode": False}
        thing.update({key: value for key, value in own.items() if key in thing})
        thing.update(fields, _created=created)
        self._loaded[thing["id"]] = (thing, None)
        return thing

    def get(self, key: str, kind: str | None = None, param: str = "id") -> Thing:
        """Raises `resource_missing` (404), as Stripe does, when there is none of that kind."""
        thing = self.find(key)
        if thing is None or (kind is not None and thing["object"] != kind):
            raise unknown((kind or "object").replace(".", "_"), key, param)
        return thing

    def find(self, key: str) -> Thing | None:
        if key in self._loaded:
            return self._loaded[key][0]
        rows = self.sql("SELECT id, body FROM object WHERE id = ?", key)
        return self._take(*rows[0]) if rows else None

    def every(self, kind: str, where: str = "1", *values: Any, limit: int = -1) -> list[Thing]:
        """Newest first. `where` is SQL over the columns and `json_extract(body, …)`."""
        self._flush()
        rows = self.sql(
            f"SELECT id, body FROM object WHERE kind = ? AND {where} ORDER BY seq DESC LIMIT ?",  # noqa: S608  ours
            *(kind, *values, limit),
        )
        return [self._take(*row) for row in rows]

    def due(self, now: int) -> list[Thing]:
        """What time alone must change by `now`, oldest first."""
        rows = self.sql("SELECT id, body FROM object WHERE due <= ? ORDER BY due, seq", now)
        return [self._take(*row) for row in rows]

    def remove(self, key: str) -> None:
        self._flush()
        self.sql("DELETE FROM object WHERE id = ?", key)
        self._loaded.pop(key, None)

    def page(
        self, kind: str, given: Thing, path: str, equal: tuple[str, ...] = (), where: str = "1", *more: Any
    ) -> Thing:
        """One page of a list request: limit, created, starting_after, ending_before and equality on some keys.

        https://docs.stripe.com/api/pagination
        """
        limit = int(given.get("limit") or 10)
        if not 1 <= limit <= 100:
            raise invalid("Invalid limit: must be between 1 and 100", "parameter_invalid", param="limit")
        clauses, values = [where], [*more]
        for key in equal:
            if given.get(key) is not None:
                clauses.append(f"json_extract(body, '$.{key}') = ?")
                values.append(given[key])
        created = given.get("created") or {}
        bounds = created if isinstance(created, dict) else {"eq": created}
        for name, sign in {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "="}.items():
            if name in bounds:
                clauses.append(f"created {sign} ?")
                values.append(int(bounds[name]))
        for name, sign in {"starting_after": "<", "ending_before": ">"}.items():
            if given.get(name):
                self.get(given[name], kind, name)
                self._flush()
                clauses.append(f"seq {sign} (SELECT seq FROM object WHERE id = ?)")  # noqa: S608  the sign is ours
                values.append(given[name])
        if given.get("ending_before"):  # the page that ends right before it, not the newest of all before it
            things = self.every(kind, " AND ".join(clauses), *values)[-limit - 1 :]
            further, things = len(things) > limit, things[-limit:]
        else:
            things = self.every(kind, " AND ".join(clauses), *values, limit=limit + 1)
            further, things = len(things) > limit, things[:limit]
        return {"object": "list", "url": path, "has_more": further, "data": things}

    def _take(self, key: str, body: str) -> Thing:
        if key not in self._loaded:
            self._loaded[key] = (json.loads(body), body)
        return self._loaded[key][0]

    def _flush(self) -> None:
        for key, (thing, before) in list(self._loaded.items()):
            body = json.dumps(thing, ensure_ascii=False, separators=(",", ":"))
            if before is None:
                self._db.execute(
                    "INSERT INTO object (id, kind, created, due, body) VALUES (?, ?, ?, ?, ?)",
                    (key, thing["object"], thing["_created"], thing.get("_due"), body),
                )
            elif body != before:
                self._db.execute("UPDATE object SET due = ?, body = ? WHERE id = ?", (thing.get("_due"), body, key))
            self._loaded[key] = (thing, body)
