"""A town in which a long story has happened: told once, and given to several tests in copies of its database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from marketplace.settings import Settings
from tests.apps import another
from tests.chainlogs import Chain, deploy
from tests.databases import Databases

T = TypeVar("T")


class Told(NamedTuple, Generic[T]):
    url: str
    """Of the database to be copied."""
    what: T
    """What the story returned: ids, as a rule, since rows belong to the application that read them."""
    chain: Chain | None
    """What the chain has said by then, of a story that is told on one."""


class OnChain(NamedTuple, Generic[T]):
    """A story in a town whose contracts are on a chain."""

    live: Callable[[Chain], T]


@contextmanager
def once(databases: Databases, settings: Settings, story: Callable[[], T] | OnChain[T]) -> Iterator[Told[T]]:
    """Have the story happen in an application of its own with these settings, but for the database."""
    with databases.copy() as url:
        with another(settings.model_copy(update={"database_url": url})):
            told = _on_chain(url, story) if isinstance(story, OnChain) else Told(url, story(), None)
        yield told


def _on_chain(url: str, story: OnChain[T]) -> Told[T]:
    deploy()
    chain = Chain()
    return Told(url, story.live(chain), chain)
