from __future__ import annotations

from enum import StrEnum

import pytest

from marketplace.kit.refusals import WrongState
from marketplace.kit.state import Machine


class Door(StrEnum):
    SHUT = "shut"
    AJAR = "ajar"
    LOCKED = "locked"


MOVES = Machine[Door]({"open": {Door.SHUT: Door.AJAR}, "lock": {Door.SHUT: Door.LOCKED, Door.AJAR: Door.LOCKED}})


def test_an_event_leads_from_each_state_of_its_row_to_the_next() -> None:
    assert (MOVES.next(Door.SHUT, "open"), MOVES.next(Door.AJAR, "lock")) == (Door.AJAR, Door.LOCKED)


@pytest.mark.parametrize(("state", "event"), [(Door.LOCKED, "open"), (Door.AJAR, "open"), (Door.SHUT, "paint")])
def test_a_move_that_is_not_in_the_table_is_refused(state: Door, event: str) -> None:
    with pytest.raises(WrongState):
        MOVES.next(state, event)


def test_a_button_can_ask_whether_it_would_be_refused() -> None:
    assert [MOVES.allows(state, "open") for state in Door] == [True, False, False]


def test_the_table_can_be_printed() -> None:
    assert MOVES.table() == [
        ("open", Door.SHUT, Door.AJAR),
        ("lock", Door.SHUT, Door.LOCKED),
        ("lock", Door.AJAR, Door.LOCKED),
    ]
