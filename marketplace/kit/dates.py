"""Dates as a Japanese notice writes them: with the weekday, in Japan time."""

from __future__ import annotations

from datetime import datetime

from marketplace.kit.clock import jst

WEEKDAYS = "月火水木金土日"


def day(moment: datetime) -> str:
    """'11月25日(水)'."""
    local = jst(moment)
    return f"{local.month}月{local.day}日({WEEKDAYS[local.weekday()]})"


def when(moment: datetime) -> str:
    """'11月25日(水) 午後8時00分'."""
    local = jst(moment)
    half = "午前" if local.hour < 12 else "午後"
    return f"{day(moment)} {half}{local.hour % 12}時{local.minute:02d}分"


def period(start: datetime, end: datetime) -> str:
    """'11月25日(水) 午前9時00分 から 12月2日(水) 午後8時00分 まで'."""
    return f"{when(start)} から {when(end)} まで"
