"""きょうの利用: for a counter that is asked how many came today, or that let the wrong guest in a moment ago."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.perks.models import Act, Use
from marketplace.perks.using import UNDO, undoable


@dataclass(frozen=True)
class Came:
    """One use. `undoable`: it can be taken back now."""

    use: Use
    taken_back: bool
    undoable: bool


@dataclass(frozen=True)
class Today:
    """`times` has how often each perk was used, without what was taken back; `lines` are the newest first."""

    times: dict[str, int]
    lines: list[Came]

    @property
    def total(self) -> int:
        return sum(self.times.values())


def today(partner_id: int) -> Today:
    """What the counters of this partner let in since midnight in Japan, on whichever tablet; in the lines besides what
    is of an earlier day and can be taken back still: a slip of yesterday, who came a minute before midnight."""
    midnight = jst(now()).replace(hour=0, minute=0, second=0, microsecond=0)
    since = min(midnight, now() - UNDO)
    told = sa.select(Use).where(Use.partner_id == partner_id, Use.recorded_at >= since).order_by(Use.id.desc())
    lines = list(db.session.scalars(told))
    gone = {line.undoes for line in lines if line.act == Act.UNDO}
    came = [
        Came(line, line.id in gone, undoable(line) and line.id not in gone) for line in lines if line.act == Act.USE
    ]
    of_today = [each for each in came if each.use.used_at >= midnight]
    times = Counter(each.use.plan_name for each in reversed(of_today) if not each.taken_back)
    return Today(dict(times), [each for each in came if each.undoable or each.use.used_at >= midnight])
