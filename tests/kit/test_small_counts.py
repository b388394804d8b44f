"""No published number points at somebody, and none can be worked out from the others."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.small_counts import FEW, few, part_said, said


@pytest.mark.parametrize(
    ("counts", "shown", "total"),
    [
        ([], [], 0),
        ([12, 0, 7], [12, 0, 7], 19),
        ([12, 3, 7], [12, None, None], 22),
        ([12, 3, 2, 7], [12, None, None, 7], 24),
        ([12, 1, 1, 7], [12, None, None, None], 21),
        ([3, 0], [None, 0], None),
        ([1, 1, 0], [None, None, 0], None),
        ([4, 4], [None, None], 8),
    ],
)
def test_what_is_said_of_some_counts(counts: list[int], shown: list[int | None], total: int | None) -> None:
    assert said(counts) == (shown, total)


def possible(shown: list[int | None], total: int, counts: list[int]) -> list[tuple[int, ...]]:
    """What the numbers that are not said may be, for a reader who knows the sum and that they are not zero."""
    hidden = [place for place, number in enumerate(shown) if number is None]
    rest = total - sum(number or 0 for number in shown)
    most = max((counts[place] for place in hidden), default=0) + FEW
    return [each for each in itertools.product(range(1, most + 1), repeat=len(hidden)) if sum(each) == rest]


@given(st.lists(st.integers(0, 9), max_size=4))
def test_a_reader_who_subtracts_learns_no_small_number(counts: list[int]) -> None:
    shown, total = said(counts)
    assert all(number is None or not few(number) for number in shown)
    assert all(number is None or number == counts[place] for place, number in enumerate(shown))
    if total is None or None not in shown:
        return
    assert total == sum(counts)
    readings = possible(shown, total, counts)
    hidden = [place for place, number in enumerate(shown) if number is None]
    for at, place in enumerate(hidden):
        if few(counts[place]):
            assert len({reading[at] for reading in readings}) > 1


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, 0), (0, 9, 0), (5, 10, 5), (3, 20, None), (18, 20, None), (20, 20, 20), (1, 3, None)],
)
def test_a_part_is_not_said_where_the_rest_is_small(part: int, whole: int, shown: int | None) -> None:
    assert part_said(part, whole) == shown
