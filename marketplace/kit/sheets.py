"""Today's sheets: what time alone makes happen is a query for what is due, not a timer.

Each sheet finds its due rows and gives one command per row; each must be safe to run twice at the same time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from marketplace.kit.outages import turn_failed

log = logging.getLogger(__name__)


@dataclass
class Sheet:
    name: str
    every: float
    run: Callable[[], object]
    last: float = float("-inf")


SHEETS: dict[str, Sheet] = {}


def sheet(*, every: float, name: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function without arguments to be run by the worker about each `every` seconds."""

    def register(run: Callable[[], object]) -> Callable[[], object]:
        SHEETS[name] = Sheet(name, every, run)
        return run

    return register


def run_due() -> None:
    """One turn of the worker's clock: run each sheet whose time has come. One that fails does not stop the rest."""
    for each in list(SHEETS.values()):
        if time.monotonic() - each.last >= each.every:
            each.last = time.monotonic()
            run_one(each)


def run_all() -> None:
    """Every sheet once, now."""
    for each in list(SHEETS.values()):
        run_one(each)


def run_one(each: Sheet) -> None:
    try:
        each.run()
    except Exception:
        turn_failed(log, f"sheet {each.name}")
