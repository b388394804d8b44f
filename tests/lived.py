"""A town in which a long story has happened: told once, and given to several tests in copies of its database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from marketplace.settings import Settings
from tests.apps import another
from tests.databases import Databases

T = TypeVar("T")


class Told(NamedTuple, Generic[T]):
    url: str
    """Of the database to be copied."""
    what: T
    """What the story returned: ids, as a rule, since rows belong to the application that read them."""


@contextmanager
def once(databases: Databases, settings: Settings, live: Callable[[], T]) -> Iterator[Told[T]]:
    """Have `live` happen in an application of its own with these settings, but for the database."""
    with databases.copy() as url:
        with another(settings.model_copy(update={"database_url": url})):
            what = live()
        yield Told(url, what)
