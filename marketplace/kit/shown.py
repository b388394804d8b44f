"""Moments and sums as the language of the page writes them. What is sealed or printed uses `dates` and `money`."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from markupsafe import Markup, escape

from marketplace.kit import dates, money
from marketplace.kit.clock import jst, now
from marketplace.kit.languages import Language, language
from marketplace.kit.letters import dashed
from marketplace.kit.telephones import dialled

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SMALL = (
    *("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
LARGE = ("", " thousand", " million", " billion")


def day(moment: datetime | date) -> str:
    """'11月25日(水)', 'Wed 25 Nov'."""
    if language() != Language.EN:
        return dates.day(moment)
    on = _on(moment)
    return f"{DAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"


def full_day(moment: datetime | date) -> str:
    """'2026年11月25日(水)', 'Wed 25 Nov 2026'."""
    return f"{day(moment)} {_on(moment).year}" if language() == Language.EN else dates.full_day(moment)


def when(moment: datetime) -> str:
    """'11月25日(水) 午後8時00分', 'Wed 25 Nov, 8:00 pm (Japan time)'; with the year where it is not this year."""
    if language() != Language.EN:
        return dates.when_seen_from(moment, now())
    return f"{_near(moment)}, {clock(moment)} {JAPAN}"


def until(moment: datetime) -> str:
    """As `when`, of the end of something: midnight is 24時00分, '24:00', of the day that it ends."""
    if language() != Language.EN:
        return dates.until_seen_from(moment, now())
    on, at = _last(moment)
    return f"{_near(on)}, {at} {JAPAN}"


def clock(moment: datetime) -> str:
    """'午後8時00分', '8:00 pm': beside a day that is said already."""
    local = jst(moment)
    if language() != Language.EN:
        return dates.clock(local)
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"


@lru_cache(64)
def phone(number: str) -> Markup:
    """A link that a telephone dials (RFC 3966); what has no digit stays words."""
    digits = dialled(number) or re.sub(r"[^+0-9]", "", dashed(number))
    return Markup('<a class="nowrap" href="tel:{}">{}</a>').format(digits, number) if digits else escape(number)


def period(start: datetime, end: datetime | None) -> str:
    """'11月25日(水) 午前9時00分 から 12月2日(水) 午後8時00分 まで',
    'Wed 25 Nov, 9:00 am to Wed 2 Dec, 8:00 pm (Japan time)'; with the year where it is not this year."""
    if language() != Language.EN:
        return dates.period_seen_from(start, end, now())
    if end is None:
        return f"from {_near(start)}, {clock(start)} {JAPAN}"
    on, at = _last(end)
    last = "" if _on(start) == on else f"{_near(on)}, "
    return f"{_near(start)}, {clock(start)} to {last}{at} {JAPAN}"


def month_day(on: date) -> str:
    """'11月25日', '25 Nov': beside a line of a chart."""
    return f"{on.day} {MONTHS[on.month - 1]}" if language() == Language.EN else dates.month_day(on)


def month(year: int, number: int) -> str:
    """'2026年11月', 'Nov 2026'."""
    return f"{MONTHS[number - 1]} {year}" if language() == Language.EN else dates.month(year, number)


def fiscal_year(year: int) -> str:
    """2026 → '令和8年度', 'April 2026 to March 2027'."""
    return f"April {year} to March {year + 1}" if language() == Language.EN else dates.fiscal_year_name(year)


def yen(amount: money.Yen) -> str:
    """'1,300円', '1,300 yen'."""
    return f"{amount:,} yen" if language() == Language.EN else money.yen(amount)


def yen_words(amount: money.Yen) -> str:
    """The sum in words, to be read before a bid: '百三十万円', 'one million three hundred thousand yen'.
    Easy Japanese writes the digits that everybody reads: '130万円'."""
    if language() == Language.EN:
        return f"{_english(amount)} yen"
    return _short(amount) if language() == Language.EASY else money.yen_words(amount)


JAPAN = "(Japan time)"


def _on(moment: datetime | date) -> date:
    return jst(moment).date() if isinstance(moment, datetime) else moment


def _last(moment: datetime) -> tuple[date, str]:
    on, _at = dates.last(moment)
    return on, clock(moment) if on == _on(moment) else "24:00"


def _near(moment: datetime | date) -> str:
    return day(moment) if _on(moment).year == _on(now()).year else full_day(moment)


def _short(amount: int) -> str:
    """1305000 → '130万5000円'."""
    if amount == 0:
        return "0円"
    parts = [(amount // 10 ** (4 * power) % 10_000, unit) for power, unit in ((2, "億"), (1, "万"), (0, ""))]
    return "".join(f"{part}{unit}" for part, unit in parts if part) + "円"


def _english(amount: int) -> str:
    if not 0 <= amount < 10**12:
        raise ValueError(amount)
    groups = [(amount // 1000**power % 1000, LARGE[power]) for power in (3, 2, 1, 0)]
    return " ".join(_below_thousand(group) + word for group, word in groups if group) or "zero"


def _below_thousand(group: int) -> str:
    hundreds, rest = divmod(group, 100)
    below = SMALL[rest] if rest < 20 else TENS[rest // 10] + (f"-{SMALL[rest % 10]}" if rest % 10 else "")
    return " ".join(filter(None, [f"{SMALL[hundreds]} hundred" if hundreds else "", below]))
