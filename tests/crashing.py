"""Things that end badly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from marketplace.kit.db import transaction


class PowerCut(BaseException):
    """The process dies here: no `except Exception` gets to see it."""


@contextmanager
def rolled_back(how: type[BaseException] = LookupError) -> Iterator[Session]:
    """A transaction that ends in `how`, after all that is written in it."""
    try:
        with transaction() as session:
            yield session
            session.flush()
            raise how
    except how:
        return
