"""What a beginning of a draft is: words and figures, and dates counted from the day on which it is taken up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from marketplace.kit.clock import JST, jst, now
from marketplace.kit.holidays import DAY, open_day


@dataclass(frozen=True)
class Preset:
    """`opens`, `closes`, `draw`, `tradable`: days from today, moved to the next on which the town hall is open.

    Sales open at 10:00 and close at 20:00; they are announced a week before.
    """

    name: str
    about: str
    values: dict[str, Any]
    opens: int = 14
    closes: int | None = 28
    draw: int | None = None
    tradable: int | None = None

    def filled(self) -> dict[str, Any]:
        """What the form shows."""
        opens = _on(self.opens, 10)
        announced = datetime.combine(open_day(opens.date() - 7 * DAY, -DAY), opens.timetz())
        return self.values | {
            "publish_at": announced,
            "opens_at": opens,
            "closes_at": _on(self.closes, 20) if self.closes else None,
            "draw_at": _on(self.draw, 10) if self.draw else None,
            "tradable_from": _on(self.tradable, 10) if self.tradable else None,
        }


def _on(days: int, hour: int) -> datetime:
    return datetime.combine(open_day(jst(now()).date() + days * DAY), time(hour), JST)
