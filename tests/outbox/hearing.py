"""Somebody who listens for the length of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from marketplace.outbox.promising import CONCERNED, HANDLERS, LISTENERS


@contextmanager
def hearing(topic: str, *handlers: Callable[..., object], **only: object) -> Iterator[list[str]]:
    """Let each of `handlers` hear `topic` too; the names under which the outbox knows them."""
    names = [f"tests.outbox.hearing.{topic}.{number}" for number, _ in enumerate(handlers)]
    HANDLERS.update(zip(names, handlers, strict=True))
    before = LISTENERS.get(topic, [])
    LISTENERS[topic] = [*before, *names]
    CONCERNED.update({(topic, name): only for name in names if only})
    try:
        yield names
    finally:
        LISTENERS[topic] = before
        for name in names:
            del HANDLERS[name]
            CONCERNED.pop((topic, name), None)
