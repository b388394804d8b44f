"""What Hiroba costs, as ratios to something plain measured in the same run: seconds differ between machines, they less.

Each module with a `measure()` that yields Results is a benchmark, named like the module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from marketplace.kit.missing import name_the_python

name_the_python("test")


@dataclass(frozen=True)
class Result:
    """One measured number. `ratio` is the value divided by the same measure of `against`; `n` the number of rounds."""

    name: str
    value: float
    unit: str
    ratio: float
    against: str
    n: int


def compared(name: str, unit: str, ours: Sequence[float], against: str, theirs: Sequence[float]) -> Result:
    """The median of our rounds, and the median of the ratios of rounds measured side by side."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Result(name, round(median(ours), 3), unit, round(median(ratios), 3), against, len(ratios))
