"""State machines as tables that can be printed: an event, from which states, to which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from marketplace.kit.refusals import WrongState

S = TypeVar("S", bound=StrEnum)


class Machine(Generic[S]):
    """`Machine({"pay": {AWAITING: PAID}}).next(AWAITING, "pay")` is PAID; any other start is WrongState."""

    def __init__(self, moves: Mapping[str, Mapping[S, S]]) -> None:
        self.moves = moves

    def next(self, state: S, event: str) -> S:
        try:
            return self.moves[event][state]
        except KeyError:
            raise WrongState from None

    def allows(self, state: S, event: str) -> bool:
        return state in self.moves[event]

    def table(self) -> list[tuple[str, S, S]]:
        """(event, from, to) in the order written, for the docs."""
        return [(event, old, new) for event, steps in self.moves.items() for old, new in steps.items()]
