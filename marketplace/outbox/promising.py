"""Say a fact inside a transaction; each office that listens hears it at least once, after the commit."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from marketplace.kit import logs
from marketplace.kit.clock import now
from marketplace.kit.db import after_commit, db, insert_each_once, writing
from marketplace.outbox.models import Message

Handler = TypeVar("Handler", bound=Callable[..., object])

HANDLERS: dict[str, Callable[..., object]] = {}
LISTENERS: dict[str, list[str]] = {}
CONCERNED: dict[tuple[str, str], dict[str, object]] = {}
"""(topic, handler) to what the body has to say, where the handler does not hear every fact of the topic."""
ASIDE: dict[str, int] = {}
"""Topics that are kept aside from all others, since thousands may wait for one who is slow; the lowest goes first."""


class Bell:
    """Wakes the worker, once for all messages of a transaction. The worker hangs its own rope on it; without one, the
    sweep finds them."""

    ring: Callable[[list[int]], object] = staticmethod(lambda message_ids: None)


def handles(topic: str, *, aside: int | None = None, **only: object) -> Callable[[Handler], Handler]:
    """Hear `topic`: the function is called with the fact's body as keywords, in the worker, maybe more than once.

    `only`: what the body has to say, or several things of which it has to say one; of a fact that says something else,
    the function does not hear. `aside`: nobody rings for this topic; see ASIDE and aside.py.
    """

    def register(handler: Handler) -> Handler:
        if aside is not None:
            ASIDE[topic] = aside
        name = f"{handler.__module__}.{handler.__qualname__}"
        HANDLERS[name] = handler
        LISTENERS.setdefault(topic, [])
        if name not in LISTENERS[topic]:
            LISTENERS[topic].append(name)
        if only:
            CONCERNED[topic, name] = only
        return handler

    return register


def still_due(topic: str, keys: Collection[str]) -> set[str]:
    """Those of `keys` under which a fact was stated that somebody has yet to hear."""
    due = {f"{name}:{topic}:{key}": key for name in LISTENERS.get(topic, []) for key in keys}
    waits = sa.select(Message.key).where(Message.key.in_(due), Message.done_at.is_(None), Message.parked_at.is_(None))
    return {due[key] for key in db.session.scalars(waits)}


def say(topic: str, key: str, *, after: timedelta = timedelta(0), **body: Any) -> None:
    """State a fact, once for each `key`, if and only if this transaction commits.

    `body` must be JSON and carries ids, never personal data. `after` delays the hearing.
    """
    assert writing(), "say() belongs inside transaction()"
    at, request = now(), str(logs.known().get("request", "")) or None
    rows = [
        {
            "topic": topic,
            "handler": name,
            "key": f"{name}:{topic}:{key}",
            "body": body,
            "request": request,
            "said_at": at,
            "due_at": at + after,
            "attempts": 0,
        }
        for name in LISTENERS.get(topic, [])
        if _concerns(topic, name, body)
    ]
    new = insert_each_once(Message, rows)
    if new and not after and topic not in ASIDE:
        _bell_of_this_transaction().message_ids.extend(new)


def _concerns(topic: str, name: str, body: dict[str, Any]) -> bool:
    only = CONCERNED.get((topic, name), {})
    return all(body.get(about) in (said if isinstance(said, tuple) else (said,)) for about, said in only.items())


@dataclass
class _Ring:
    message_ids: list[int] = field(default_factory=list)

    def __call__(self) -> None:
        Bell.ring(self.message_ids)


def _bell_of_this_transaction() -> _Ring:
    waiting = db.session().info.get("after_commit", [])
    ring = next((act for act in waiting if isinstance(act, _Ring)), None)
    if ring is None:
        after_commit(ring := _Ring())
    return ring
