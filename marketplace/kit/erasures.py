"""Personal data goes when its time is over. Each office says here what it erases and when; one sheet has it done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from marketplace.kit.clock import JST, jst

PORTION = 500
"""Rows erased in one transaction: other writers get their turn in between."""


@dataclass(frozen=True)
class Erasure:
    """`due(moment)` counts what would be erased at that moment and changes nothing; `erase()` erases one portion of
    what is due now, inside the caller's transaction, and says how many; 0 when nothing is left."""

    name: str
    title: str
    after: str
    """When, in words for the public register; {accounting} years and {enclosures} days are the town's settings."""
    due: Callable[[datetime], int]
    erase: Callable[[], int]


def papers_before(at: datetime, years: int) -> datetime:
    """The end of the last fiscal year (March) whose papers, kept for so many `years`, need not be kept any more."""
    local = jst(at)
    return datetime(local.year - (local.month < 4) - years, 4, 1, tzinfo=JST)


ERASURES: dict[str, Erasure] = {}


def erases(name: str, title: str, after: str, due: Callable[[datetime], int], erase: Callable[[], int]) -> None:
    """Make an erasure known."""
    ERASURES[name] = Erasure(name, title, after, due, erase)
