"""What a beginning of a draft is: words and figures, and dates counted from the day on which it is taken up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from marketplace.kit.clock import JST, jst, now
from marketplace.kit.holidays import DAY, open_day


@dataclass(frozen=True)
class Preset:
    """`opens`, `closes`: days from today; `draw`: from the closing; `tradable`: from the draw, or else the closing.

    Each is moved to the next day on which the town hall is open; what follows is counted from the day moved to, so
    that the days between the years, which move both, never put a draw before its closing.
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
        today = jst(now()).date()
        opens = _on(today, self.opens, 10)
        closes = _on(today, self.closes, 20) if self.closes else None
        draw = _on(closes.date(), self.draw, 10) if closes and self.draw else None
        end = draw or closes or opens
        return self.values | {
            "publish_at": datetime.combine(open_day(opens.date() - 7 * DAY, -DAY), opens.timetz()),
            "opens_at": opens,
            "closes_at": closes,
            "draw_at": draw,
            "tradable_from": _on(end.date(), self.tradable, 10) if self.tradable else None,
        }


def _on(start: date, days: int, hour: int) -> datetime:
    return datetime.combine(open_day(start + days * DAY), time(hour), JST)
