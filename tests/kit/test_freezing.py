"""What a process loads when it starts is never looked at again; what it makes afterwards is."""

from __future__ import annotations

import gc

import pytest

from marketplace.kit.freezing import here_to_stay


class Ring:
    """Only the garbage collector can end it."""

    def __init__(self) -> None:
        self.itself = self


def rings() -> int:
    gc.collect()
    return sum(isinstance(thing, Ring) for thing in gc.get_objects())


def test_what_is_made_in_the_block_is_out_of_the_collectors_sight() -> None:
    with here_to_stay():
        kept = Ring()
        during = gc.isenabled()
    assert (during, gc.isenabled(), gc.is_tracked(kept), rings()) == (False, True, True, 0)


def test_what_is_made_afterwards_is_thrown_away_as_ever() -> None:
    with here_to_stay():
        pass
    later = Ring()
    before = rings()
    del later
    assert (before, rings()) == (1, 0)


def test_a_block_inside_another_leaves_it_as_it_was_and_one_that_fails_is_over() -> None:
    with here_to_stay():
        with pytest.raises(LookupError), here_to_stay():
            raise LookupError
        during = gc.isenabled()
    assert (during, gc.isenabled()) == (False, True)
