"""応募の数 as a plot: how many applied on each day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial

from markupsafe import Markup

from marketplace.kit import shown
from marketplace.kit.clock import jst
from marketplace.kit.languages import _
from marketplace.kit.plots import both, columns

Hours = Sequence[tuple[datetime, int]]
"""Applications by the hour of their receipt, oldest first: see counting.by_hour."""


def plot(hours: Hours) -> Markup:
    """For a desk and for a phone. `hours` is not empty."""
    return both(partial(columns, title=_("応募の数"), unit=_("名")), bars(hours), "inflow")


def bars(hours: Hours) -> list[tuple[str, int]]:
    """By day in Japan, from the first application to the last, days without any too; by hour where that is one day."""
    first, last = (jst(hour) for hour in (hours[0][0], hours[-1][0]))
    if first.date() == last.date():
        came = {jst(hour).hour: number for hour, number in hours}
        return [(f"{hour}:00", came.get(hour, 0)) for hour in range(first.hour, last.hour + 1)]
    on = Counter[date]()
    for hour, number in hours:
        on[jst(hour).date()] += number
    days = [first.date() + timedelta(days=n) for n in range((last.date() - first.date()).days + 1)]
    return [(shown.month_day(day), on[day]) for day in days]
