"""What is added up over all that ever happened: once in a while in each process, and given from memory until then.

The page cache (page_cache.py) spares a rush the making of pages for a second. This spares each page a sum that takes
longer the longer the town has sold, and that may be half a minute old: how many hold something, what was resold.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, ParamSpec, TypeVar

from flask import current_app

from marketplace.kit.languages import language

MOST = 1_000
"""Sums in one process. Who asks for more, one right after the other, finds the shelf cleared and filled anew."""

P = ParamSpec("P")
T = TypeVar("T")


class Shelf:
    """The sums of one application, each good for so many `seconds`; with 0 none is kept. `clock` gives seconds too."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self.clock = seconds, clock
        self._places: dict[Hashable, _Place] = {}

    def take(self, key: Hashable, add_up: Callable[[], T]) -> T:
        """What `add_up` said, not longer ago than that. While somebody adds up anew the others get what was there
        before, and wait only where nothing was. What `add_up` raises is raised, and not kept."""
        if not self.seconds:
            return add_up()
        if len(self._places) >= MOST and key not in self._places:
            self._places.clear()
        place = self._places.setdefault(key, _Place())
        if (found := place.found) is not None and (found[1] > self.clock() or place.busy.locked()):
            return found[0]  # type: ignore[no-any-return]
        with place.busy:
            if (found := place.found) is None or found[1] <= self.clock():
                place.found = found = (add_up(), self.clock() + self.seconds)
            return found[0]


class _Place:
    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.found: tuple[Any, float] | None = None
        """The sum, and until when it is good: one object, so that nobody reads half of it."""


def kept(add_up: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """What `add_up(*args, **named)` said at most FIGURES_KEPT_S ago, in the language that is spoken now.

    Its answer must be plain values, which no session of the database holds on to and nobody changes.
    """
    shelf: Shelf = current_app.extensions["hiroba.kept"]
    key = (add_up.__module__, add_up.__qualname__, args, tuple(sorted(named.items())), language())
    return shelf.take(key, lambda: add_up(*args, **named))
