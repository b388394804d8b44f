"""Say a fact inside a transaction; each office that listens hears it at least once, after the commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from marketplace.kit.clock import now
from marketplace.kit.db import after_commit, insert_once, writing
from marketplace.outbox.models import Message

Handler = TypeVar("Handler", bound=Callable[..., object])

HANDLERS: dict[str, Callable[..., object]] = {}
LISTENERS: dict[str, list[str]] = {}


class Bell:
    """Wakes the worker. The worker hangs its own rope on it; without one, the sweep finds the message."""

    ring: Callable[[int], object] = staticmethod(lambda message_id: None)


def handles(topic: str) -> Callable[[Handler], Handler]:
    """Hear `topic`: the function is called with the fact's body as keywords, in the worker, maybe more than once."""

    def register(handler: Handler) -> Handler:
        name = f"{handler.__module__}.{handler.__qualname__}"
        HANDLERS[name] = handler
        LISTENERS.setdefault(topic, [])
        if name not in LISTENERS[topic]:
            LISTENERS[topic].append(name)
        return handler

    return register


def say(topic: str, key: str, *, after: timedelta = timedelta(0), **body: Any) -> None:
    """State a fact, once for each `key`, if and only if this transaction commits.

    `body` must be JSON and carries ids, never personal data. `after` delays the hearing.
    """
    assert writing(), "say() belongs inside transaction()"
    for name in LISTENERS.get(topic, []):
        message_id = insert_once(
            Message,
            {
                "topic": topic,
                "handler": name,
                "key": f"{name}:{topic}:{key}",
                "body": body,
                "said_at": now(),
                "due_at": now() + after,
                "attempts": 0,
            },
        )
        if message_id is not None and not after:
            after_commit(lambda rung=message_id: Bell.ring(rung))  # type: ignore[misc]
