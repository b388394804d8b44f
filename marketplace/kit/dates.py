"""Moments and days as a Japanese notice writes them: with the weekday, in Japan time. Aware datetimes in, text out."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from marketplace.kit.clock import jst
from marketplace.kit.letters import dashed

WEEKDAYS = "月火水木金土日"


def _in_japan(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return jst(moment)


def _on(moment: datetime | date) -> date:
    return _in_japan(moment).date() if isinstance(moment, datetime) else moment


def clock(local: datetime) -> str:
    """'午後8時00分' of a moment that is in Japan's time already."""
    half = "午前" if local.hour < 12 else "午後"
    return f"{half}{local.hour % 12}時{local.minute:02d}分"


def day(moment: datetime | date) -> str:
    """'11月25日(水)'. A datetime is read in Japan; a plain date is taken as it stands."""
    on = _on(moment)
    return f"{on.month}月{on.day}日({WEEKDAYS[on.weekday()]})"


def full_day(moment: datetime | date) -> str:
    """'2026年11月25日(水)', where the year matters: terms, dates long ago or far ahead."""
    return f"{_on(moment).year}年{day(moment)}"


def when(moment: datetime) -> str:
    """'11月25日(水) 午後8時00分'. Noon is 午後0時 and midnight 午前0時, as on a public notice."""
    return f"{day(moment)} {clock(_in_japan(moment))}"


def full_when(moment: datetime) -> str:
    """'2026年11月25日(水) 午後8時00分', where it is kept for years."""
    return f"{_in_japan(moment).year}年{when(moment)}"


def when_seen_from(moment: datetime, today: datetime) -> str:
    """As `when`, with the year before it where that is not the year of `today`: '2027年11月25日(木) 午前7時21分'."""
    return when(moment) if _in_japan(moment).year == _in_japan(today).year else full_when(moment)


def last(moment: datetime) -> tuple[date, str]:
    """Day and time at which something ends: 午前0時 of the 12th is 24時 of the 11th.

    Whoever reads of the 12th comes on the 12th, a day too late.
    """
    local = _in_japan(moment)
    if local.time() == time():
        return local.date() - timedelta(days=1), "24時00分"
    return local.date(), clock(local)


def until_seen_from(moment: datetime, today: datetime) -> str:
    """As `when_seen_from`, of the end of something: '12月11日(金) 24時00分'."""
    on, at = last(moment)
    return f"{day(on) if on.year == _in_japan(today).year else full_day(on)} {at}"


def full_until(moment: datetime) -> str:
    """As `full_when`, of the end of something."""
    on, at = last(moment)
    return f"{full_day(on)} {at}"


def period_seen_from(start: datetime, end: datetime | None, today: datetime) -> str:
    """'11月25日(水) 午前9時00分 から 12月2日(水) 午後8時00分 まで'.

    A day that both share is said once; without an end it only begins. The year is said where it is not that of `today`,
    and both where they differ.
    """
    if end is None:
        return f"{when_seen_from(start, today)} から"
    first, (on, at) = _in_japan(start), last(end)
    if first.date() == on:
        return f"{when_seen_from(start, today)} から {at} まで"
    if first.year != on.year:
        return f"{full_when(start)} から {full_until(end)} まで"
    return f"{when_seen_from(start, today)} から {day(on)} {at} まで"


def month_day(on: date) -> str:
    """'11月25日'."""
    return f"{on.month}月{on.day}日"


def month(year: int, number: int) -> str:
    """'2026年11月'."""
    return f"{year}年{number}月"


def era_day(moment: datetime | date) -> str:
    """'令和8年11月25日', as the papers of a town hall are dated; a day of an era before 昭和 by the western year."""
    on = _on(moment)
    return f"{_era_year(on)}{on.month}月{on.day}日"


def _era_year(on: date) -> str:
    """'令和8年', '令和元年', '平成31年': a year has two names on either side of the day on which an era began."""
    for era, began in BEGINNINGS.items():
        if on >= began:
            counted = on.year - ERAS[era]
            return f"{era}{counted if counted > 1 else '元'}年"
    return f"{on.year}年"


def fiscal_year(moment: datetime | date) -> int:
    """The year in which the town's year begins, on 1 April in Japan: of 31 March 2027 it is 2026 (地方自治法 208条)."""
    on = _on(moment)
    return on.year - (on.month < 4)


def ended_in(moment: datetime) -> int:
    """The fiscal year of something that ended then: at 24時 of 31 March it is over in the year that ends with that day.

    Not of money: that belongs to the day of the act, the 調定 or the payment (地方自治法施行令 142条).
    """
    return fiscal_year(last(moment)[0])


def fiscal_year_name(year: int) -> str:
    """2026 → '令和8年度', 2019 → '令和元年度': an era that begins with May names the whole year."""
    return f"{_era_year(date(year, 5, 1))}度"


BEGINNINGS = {"令和": date(2019, 5, 1), "平成": date(1989, 1, 8), "昭和": date(1926, 12, 25)}
ERAS = {
    "令和": 2018,
    "R": 2018,
    "平成": 1988,
    "H": 1988,
    "昭和": 1925,
    "S": 1925,
    "大正": 1911,
    "T": 1911,
    "西暦": 0,
    "": 0,
}
"""The year before the first of each era."""
EARLIEST, LATEST = 1850, 2199
_WRITTEN = re.compile(r"(令和|平成|昭和|大正|西暦|[RHST])?(\d{1,4}|元)[年./-](\d{1,2})[月./-](\d{1,2})日?")


def read_day(text: str) -> date | None:
    """The day of '1951年4月3日', '昭和２６年４月３日', 'S26.4.3' or '1951-04-03'; None where it is none, or lies where
    nobody means and hours and days can't be added to it."""
    day = written_day(text)
    return day if day is not None and EARLIEST <= day.year <= LATEST else None


def written_day(text: str) -> date | None:
    """The same, in whichever year: for who says better what is wrong with it."""
    plain = "".join(dashed(text).upper().split())
    found = _WRITTEN.fullmatch(plain)
    if found is None:
        return None
    era, year, month, day_of_month = found.groups(default="")
    counted = 1 if year == "元" else int(year)
    if not era and len(year) != 4:
        return None
    try:
        return date(ERAS[era] + counted, int(month), int(day_of_month))
    except ValueError:
        return None
