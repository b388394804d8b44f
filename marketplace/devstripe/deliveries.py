"""Carrying webhooks: signed as Stripe signs them, tried again when the other side does not answer 2xx.

https://docs.stripe.com/webhooks#verify-manually
"""

import hmac
import http.client
import json
import threading
import time
from hashlib import sha256
from urllib.parse import urlsplit

from marketplace.devstripe.objects import public
from marketplace.devstripe.world import World

ATTEMPTS = 8
LEASE = 30.0  # seconds a courier may take before another one carries the same letter
_ORDER = {"oldest": "due, n", "newest": "n DESC", "shuffled": "n * 2654435761 % 4294967296"}


def signed(body: bytes, secret: str, at: int) -> str:
    """The Stripe-Signature header of `body`, sent at `at` (seconds)."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, sha256).hexdigest()
    return f"t={at},v1={digest}"


def deliver(world: World, limit: int = 1000, order: str = "oldest") -> dict[str, int]:
    """Carry everything in the bag now, whatever its hour. → {"sent": …, "failed": …}; failures go back in the bag."""
    counts = {"sent": 0, "failed": 0}
    with world.store.work():
        rows = world.store.sql(f"SELECT n FROM delivery ORDER BY {_ORDER[order]} LIMIT ?", limit)  # noqa: S608  ours
    for (n,) in rows:
        counts["sent" if _carry(world, n) else "failed"] += 1
    return counts


class Couriers:
    """Threads that carry what is due, unless deliveries are manual."""

    def __init__(self, world: World, hands: int = 2) -> None:
        self._world = world
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(hands)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        with self._world.bell:
            self._world.bell.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._world.bell:  # held while looking, so that a ring between looking and waiting is not missed
                n = None if self._world.faults.manual else self._claim()
                if n is None:
                    self._world.bell.wait(self._until_next())
            if n is not None:
                _carry(self._world, n)

    def _until_next(self) -> float:
        if self._world.faults.manual:
            return 1.0
        with self._world.store.work():
            (due,) = self._world.store.sql("SELECT min(due) FROM delivery")[0]
        return 1.0 if due is None else min(1.0, max(0.001, due - time.time()))

    def _claim(self) -> int | None:
        """Putting the next attempt a lease away keeps other couriers off, and survives our death in the middle."""
        order = _ORDER["newest" if self._world.faults.reorder else "oldest"]
        with self._world.store.work():
            rows = self._world.store.sql(
                "UPDATE delivery SET due = ? WHERE n = "  # noqa: S608  the order is ours
                f"(SELECT n FROM delivery WHERE due <= ? ORDER BY {order} LIMIT 1) RETURNING n",
                time.time() + LEASE,
                time.time(),
            )
        return rows[0][0] if rows else None


def _carry(world: World, n: int) -> bool:
    with world.store.work():
        rows = world.store.sql("SELECT endpoint, event, attempt FROM delivery WHERE n = ?", n)
        if not rows:
            return True
        endpoint, event = world.store.find(rows[0][0]), world.store.find(rows[0][1])
        if endpoint is None or event is None:
            world.store.sql("DELETE FROM delivery WHERE n = ?", n)
            return True
        url, secret, key = endpoint["url"], endpoint["_secret"], event["id"]
        body = json.dumps(public(event), indent=2, ensure_ascii=False).encode()
    status = _post(url, body, secret)
    arrived = 200 <= status < 300
    world.count(f"delivered_{status}" if status else "undelivered")
    with world.store.work():
        attempt = rows[0][2] + 1
        if arrived or attempt >= ATTEMPTS:
            world.store.sql("DELETE FROM delivery WHERE n = ?", n)
        else:
            world.store.sql(
                "UPDATE delivery SET attempt = ?, due = ? WHERE n = ?", attempt, time.time() + 0.25 * 2**attempt, n
            )
        event = world.store.find(key)
        if arrived and event is not None:
            event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
    return arrived


def _post(url: str, body: bytes, secret: str) -> int:
    """The HTTP status, 0 when there was no answer."""
    parts = urlsplit(url)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        # signed with the machine's clock, not with the movable one: the reader checks it against its own
        "Stripe-Signature": signed(body, secret, int(time.time())),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
