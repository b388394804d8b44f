"""What the town wants to be able to say of itself, on two cores."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks import Result
from benchmarks.places import DATABASES


@dataclass(frozen=True)
class Goal:
    """At most, or at least: a value, or a ratio."""

    value_at_most: float | None = None
    ratio_at_most: float | None = None
    ratio_at_least: float | None = None

    def met(self, result: Result) -> bool:
        return (
            (self.value_at_most is None or result.value <= self.value_at_most)
            and (self.ratio_at_most is None or result.ratio <= self.ratio_at_most)
            and (self.ratio_at_least is None or result.ratio >= self.ratio_at_least)
        )

    def __str__(self) -> str:
        bounds = (
            ("value ≤", self.value_at_most),
            ("ratio ≤", self.ratio_at_most),
            ("ratio ≥", self.ratio_at_least),
        )
        return ", ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)


GOALS: Mapping[str, Goal] = {
    "pages.catalogue": Goal(value_at_most=11, ratio_at_most=3.2),
    "pages.cached": Goal(ratio_at_least=0.5),
    "pages.304": Goal(ratio_at_least=0.7),
    "bidding": Goal(ratio_at_least=0.6),
    "watching": Goal(ratio_at_least=0.8),
    "watching.304": Goal(ratio_at_least=0.8),
    "ordering": Goal(value_at_most=80, ratio_at_most=8),
    "reserving": Goal(ratio_at_least=0.6),
    "intake.full.time": Goal(ratio_at_most=1),
    "mint.thousand": Goal(value_at_most=5),
    "index.dense.ponder": Goal(ratio_at_least=10),
    "index.sparse.ponder": Goal(ratio_at_least=10),
    "index.dense.bare": Goal(ratio_at_least=0.4),
    "index.sparse.bare": Goal(ratio_at_least=0.4),
    "resale.followed": Goal(value_at_most=2),
    "growth.home": Goal(ratio_at_most=1.3),
    "growth.catalogue": Goal(ratio_at_most=1.3),
    "growth.listing": Goal(ratio_at_most=1.3),
    "growth.fund": Goal(ratio_at_most=1.3),
    "growth.order": Goal(ratio_at_most=1.3),
    "peers.pretix": Goal(ratio_at_most=0.1),
    "peers.oscar": Goal(ratio_at_most=0.1),
    "peers.oscar.placed": Goal(ratio_at_most=0.1),
}
"""By the name of the result, without its database."""


def goal_of(name: str) -> Goal | None:
    kept = [part for part in name.split(".") if part not in DATABASES]
    return GOALS.get(".".join(kept))
