"""Days on which a town hall is closed, computed by the law. Plain dates in, words out.

Sources: 国民の祝日に関する法律 (昭和23年法律178号) 2条, 3条2項 (substitute) and 3条3項 (a day between two);
地方自治法 4条の2 (days on which a town is closed). Holds from 2022 on: before, single years had laws of their own.
"""

from __future__ import annotations

from datetime import date, timedelta

FIXED = {
    (1, 1): "元日",
    (2, 11): "建国記念の日",
    (2, 23): "天皇誕生日",
    (4, 29): "昭和の日",
    (5, 3): "憲法記念日",
    (5, 4): "みどりの日",
    (5, 5): "こどもの日",
    (8, 11): "山の日",
    (11, 3): "文化の日",
    (11, 23): "勤労感謝の日",
}
MONDAYS = {(1, 2): "成人の日", (7, 3): "海の日", (9, 3): "敬老の日", (10, 2): "スポーツの日"}
"""(month, which Monday of it)."""
DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6


def holiday(on: date) -> str | None:
    """The name of the public holiday (国民の祝日, 振替休日, 国民の休日) on that day; None on any other day."""
    if name := _named(on):
        return name
    if _is_substitute(on):
        return "振替休日"
    between = _named(on - DAY) and _named(on + DAY) and on.weekday() != SUNDAY
    return "国民の休日" if between else None


def closed(on: date) -> str | None:
    """Why a town hall is closed on that day ('土曜日', '海の日', '年末年始'); None where it is open."""
    if (on.month, on.day) in {(12, 29), (12, 30), (12, 31), (1, 2), (1, 3)}:
        return "年末年始"
    return holiday(on) or {SATURDAY: "土曜日", SUNDAY: "日曜日"}.get(on.weekday())


def open_day(on: date, step: timedelta = DAY) -> date:
    """That day, or the first after it on which a town hall is open; with `step=-DAY` the last before it."""
    while closed(on):
        on += step
    return on


def _named(on: date) -> str | None:
    if name := FIXED.get((on.month, on.day)):
        return name
    if on.weekday() == 0 and (name := MONDAYS.get((on.month, (on.day + 6) // 7))):
        return name
    return {(3, _equinox(on.year, 20.8431)): "春分の日", (9, _equinox(on.year, 23.2488)): "秋分の日"}.get(
        (on.month, on.day)
    )


def _is_substitute(on: date) -> bool:
    """The first day after a holiday on a Sunday that is no holiday itself."""
    before = on - DAY
    while _named(before):
        if before.weekday() == SUNDAY:
            return True
        before -= DAY
    return False


def _equinox(year: int, start: float) -> int:
    """The day of the month, by the known formula for 1980-2099; the almanac of the year before decides."""
    return int(start + 0.242194 * (year - 1980) - (year - 1980) // 4)
