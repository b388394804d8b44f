"""All that one request can see: the objects, the clock, the faults that a test has ordered."""

import random
import threading
import time
from dataclasses import dataclass, field, fields
from typing import Any

from marketplace.devstripe.objects import Thing
from marketplace.devstripe.refusals import invalid
from marketplace.devstripe.store import Store


@dataclass
class Faults:
    """What goes wrong on purpose. Shares are 0 … 1; counts are used up, one per request."""

    drop: float = 0.0  # share of webhooks that are never sent
    duplicate: float = 0.0  # share of webhooks that are sent twice
    delay: float = 0.0  # seconds: each webhook waits a random part of it, and so they overtake each other
    reorder: bool = False  # newest webhook first
    manual: bool = False  # webhooks wait for POST /_sim/deliver
    seed: int = 0
    slow: float = 0.0  # seconds that every API request takes
    fail_next: int = 0  # requests answered with 500, nothing done
    rate_limit_next: int = 0  # requests answered with 429, nothing done
    lose_reply_next: int = 0  # POST requests that are done, but the answer is lost on the way

    def change(self, given: dict[str, Any]) -> None:
        known = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        for name, value in given.items():
            if name not in known:
                raise invalid(f"Received unknown parameter: {name}", "parameter_unknown", param=name)
            setattr(self, name, known[name](value))

    def take(self, name: str) -> bool:
        """Whether a counted fault strikes now."""
        left: int = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0


@dataclass
class World:
    store: Store
    base_url: str = "http://127.0.0.1"
    faults: Faults = field(default_factory=Faults)
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311  chooses faults, no secrets
    bell: threading.Condition = field(default_factory=threading.Condition)  # rings for the couriers
    counts: dict[str, int] = field(default_factory=dict)
    idempotency_key: str | None = None  # of the request at work
    request_id: str | None = None

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def now(self) -> int:
        """Seconds since 1970 by the server's own clock, which tests and the demo may move."""
        return int(time.time()) + int(self.setting("clock_offset", "0"))

    def setting(self, name: str, default: str = "") -> str:
        with self.store.work():
            rows = self.store.sql("SELECT value FROM setting WHERE name = ?", name)
        return str(rows[0][0]) if rows else default

    def set(self, name: str, value: str) -> None:
        with self.store.work():
            self.store.sql("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", name, value)

    def new(self, resource: Any, prefix: str, **fields: Any) -> Thing:
        return self.store.new(resource, prefix, self.now(), **fields)

    def get(self, key: str, kind: str | None = None, param: str = "id") -> Thing:
        return self.store.get(key, kind, param)
