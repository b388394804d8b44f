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
OUTSIDE = ("stripe", "chain", "stores")
"""For whom a worker waits: card payments, the chain's node, IPFS nodes and the bucket."""


@dataclass
class Sheet:
    name: str
    every: float
    run: Callable[[], object]
    asks: str = ""
    """Whom of OUTSIDE it waits for: such have a clock of their own, which may stand still with them."""
    last: float = float("-inf")


SHEETS: dict[str, Sheet] = {}


def sheet(*, every: float, name: str, asks: str = "") -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function without arguments to be run by the worker about each `every` seconds, see Sheet."""

    assert asks in ("", *OUTSIDE), f"no clock runs what asks {asks}"

    def register(run: Callable[[], object]) -> Callable[[], object]:
        SHEETS[name] = Sheet(name, every, run, asks)
        return run

    return register


def run_due(asks: str = "") -> None:
    """One turn of a clock: run each of its sheets whose time has come. One that fails does not stop the rest."""
    for each in [each for each in SHEETS.values() if each.asks == asks]:
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
