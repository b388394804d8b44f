"""Numbers of people that are published: none so small that it points at somebody. Pure.

As statistics offices do (一次秘匿・二次秘匿): a number below FEW is not said; and where what is said would tell it by
subtraction, the next smallest is left out too.
"""

from __future__ import annotations

from collections.abc import Sequence

FEW = 5


def few(count: int) -> bool:
    """Does the number point at somebody? Nobody is no secret."""
    return 0 < count < FEW


def withheld(counts: Sequence[int]) -> set[int]:
    """The places of the numbers that are not said, where the sum of all is known.

    Those that are left out are at least two, and together at least FEW: their sum, which anybody can work out, must
    tell nothing either. Where that can't be, all of them but the zeros are left out, and the sum must be too.
    """
    hidden = {place for place, count in enumerate(counts) if few(count)}
    rest = sorted((count, place) for place, count in enumerate(counts) if count and place not in hidden)
    while hidden and rest and not _safe(counts, hidden):
        hidden.add(rest.pop(0)[1])
    return hidden


def said(counts: Sequence[int]) -> tuple[list[int | None], int | None]:
    """The numbers and their sum as they may be published: None for what is not said."""
    hidden = withheld(counts)
    total = sum(counts) if not hidden or _safe(counts, hidden) else None
    return [None if place in hidden else count for place, count in enumerate(counts)], total


def part_said(part: int, whole: int) -> int | None:
    """A part of a number that is said: None where it, or what is left of the whole, is too small."""
    return None if few(part) or few(whole - part) or few(whole) else part


def _safe(counts: Sequence[int], hidden: set[int]) -> bool:
    return len(hidden) > 1 and sum(counts[place] for place in hidden) >= FEW
