"""公告の期間: how long a sale is announced before it begins, and hours at which nobody is there.

Sources: 地方自治法施行令 167条の6 (公告); the days are the town's own, in its settings. The first day does not count
(民法 140条): from the 1st to the 11th are ten days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.kit.clock import jst
from marketplace.kit.dates import clock, last
from marketplace.kit.holidays import closed
from marketplace.listings.models import Mode
from marketplace.settings import settings

NIGHT_FROM, NIGHT_TO = 22, 7
"""Hours in Japan. An evening is no night: most people bid after supper."""
MOMENTS = {
    "publish_at": "公開（公告）",
    "opens_at": "受付の開始",
    "closes_at": "受付の終了",
    "draw_at": "抽選",
}


@dataclass(frozen=True, slots=True)
class Period:
    """`days` of notice are given, `needed` the town wants; `stops`: with fewer the sale can't be held at all."""

    days: int
    needed: int
    stops: bool
    until: str

    @property
    def short(self) -> bool:
        return self.days < self.needed


def period(values: Mapping[str, Any], at: datetime) -> Period | None:
    """The notice of a sale that would be approved at `at`; None while its days are not known, or where none is given.

    A sealed sale is counted to its last day for bids (24時 of the 11th is the 11th), all others to their opening.
    """
    mode = Mode(values["mode"])
    end = values.get("closes_at" if mode is Mode.SEALED else "opens_at")
    if mode is Mode.GRANT or end is None:
        return None
    town, sealed = settings(), mode is Mode.SEALED
    needed: int = getattr(town, f"notice_days_{mode}")
    if sealed and str(values.get("urgent_reason") or "").strip():
        needed = min(needed, town.notice_days_urgent)
    start = max(values.get("publish_at") or at, at)
    final = last(end)[0] if sealed else jst(end).date()
    days = (final - jst(start).date()).days
    return Period(max(days, 0), needed, sealed, "入札の締切" if sealed else "受付の開始")


def odd_hours(values: Mapping[str, Any], at: datetime) -> Iterator[tuple[str, str]]:
    """(field, sentence) of each moment that is at night or on a day on which the town hall is closed, were the sale
    approved at `at`: one whose day to be announced went by is announced then."""
    for field, name in MOMENTS.items():
        moment = values.get(field)
        if moment is None:
            continue
        if field == "publish_at":
            moment = max(moment, at)
        local = jst(moment)
        on, hour = last(moment) if field == "closes_at" else (local.date(), clock(local))
        if local.hour >= NIGHT_FROM or local.hour < NIGHT_TO:
            yield field, f"{name}が夜中（{hour}）です。困った方の電話に出られません。"
        if why := closed(on):
            yield field, f"{name}が役場の休みの日（{why}）です。"
