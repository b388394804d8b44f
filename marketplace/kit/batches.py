"""Much of something, a little at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """All of them in their order, `size` at once, and what is left at the end. Databases name no more than 32,766 or
    65,535 values in one statement (https://sqlite.org/limits.html#max_variable_number)."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
