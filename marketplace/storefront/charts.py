"""The plots of the market: prices, counts, and how many people hold how many. See kit/plots.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup, escape

from marketplace.kit import shown
from marketplace.kit.clock import jst, now
from marketplace.kit.languages import _
from marketplace.kit.plots import BOTTOM, DOTS, LEFT, RIGHT, TOP, ceiling, frame, grid


@dataclass(frozen=True)
class Sale:
    at: datetime
    yen: int


@dataclass(frozen=True)
class Span:
    """The sales of a month (or a day, where there is only one month): how many, their middle and their sum."""

    middle: datetime
    """The mean moment of its sales: where its point stands on the line."""
    label: str
    short: str
    """The same below its bar, where nobody takes it for that of another year."""
    count: int
    median: int
    volume: int


def spans(sales: Sequence[Sale]) -> list[Span]:
    """By month in Japan, or by day where all lie within 60 days; oldest first, none empty. `sales` are in order."""
    if not sales:
        return []
    by_day = sales[-1].at - sales[0].at <= timedelta(days=60)
    grouped: dict[date, list[Sale]] = {}
    for sale in sales:
        day = jst(sale.at).date()
        grouped.setdefault(day if by_day else day.replace(day=1), []).append(sale)
    one_year = jst(sales[0].at).year == jst(sales[-1].at).year
    return [_span(begins, among, by_day, by_day or one_year) for begins, among in sorted(grouped.items())]


def _span(begins: date, sales: list[Sale], by_day: bool, one_year: bool) -> Span:
    label = shown.month(begins.year, begins.month)
    if by_day:
        label = shown.month_day(begins) if begins.year == jst(now()).year else _day(begins)
    short = label.rpartition("年")[-1] if one_year else label
    yens, first = [sale.yen for sale in sales], sales[0].at
    middle = first + sum(((sale.at - first) for sale in sales), timedelta()) / len(sales)
    return Span(middle, label, short, len(yens), median(yens), sum(yens))


def _day(moment: datetime | date) -> str:
    local = jst(moment) if isinstance(moment, datetime) else moment
    return _("%(year)s年%(month)s月%(day)s日", year=local.year, month=local.month, day=local.day)


def median(prices: Sequence[int]) -> int:
    """The middle price; of two middle ones their mean, half a yen rounded up."""
    ordered, middle = sorted(prices), len(prices) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle] + 1) // 2


def prices(sales: Sequence[Sale], size: tuple[float, float], name: str) -> Markup:
    """Each sale a dot, the medians a line. Sales of a single day stand in their order, later ones by their time."""
    if len(sales) == 1:
        return _alone(sales[0], size, name)
    width, height = size
    yens = [sale.yen for sale in sales]
    grouped, top = spans(sales), ceiling(max(yens))
    first, last = sales[0].at, sales[-1].at
    whole = (last - first).total_seconds()
    room = width - LEFT - RIGHT - 16

    def y(yen: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * yen / top

    def x(share: float) -> float:
        return LEFT + 8 + room * min(1.0, max(0.0, share))

    if len(grouped) == 1:
        places = [i / (len(sales) - 1) for i in range(len(sales))]
        ends = (_("%(count)s件目", count=1), _("%(count)s件目", count=len(sales)))
    else:
        places = [(sale.at - first).total_seconds() / whole for sale in sales]
        ends = (_day(first), _day(last))
    body = [grid(width, top, y, shown.yen)]
    body += [
        f'<circle class="fill-2" cx="{x(place):.1f}" cy="{y(sale.yen):.1f}" r="4" opacity="0.6"/>'
        for place, sale in list(zip(places, sales, strict=True))[-DOTS:]
    ]
    if len(grouped) == 1:
        middles = [(0.0, grouped[0].median), (1.0, grouped[0].median)]
    else:
        middles = [((span.middle - first).total_seconds() / whole, span.median) for span in grouped]
    points = " ".join(f"{x(share):.1f},{y(yen):.1f}" for share, yen in middles)
    body.append(f'<polyline class="line-1" points="{points}"/>')
    for word, at, anchor in ((ends[0], LEFT, "start"), (ends[1], width - RIGHT, "end")):
        body.append(f'<text x="{at:.0f}" y="{height - 10:.0f}" text-anchor="{anchor}">{word}</text>')
    told = _(
        "%(count)s件の取引。いちばん安いもので%(least)s円、高いもので%(most)s円、中央値は%(median)s円。",
        count=len(yens),
        least=f"{min(yens):,}",
        most=f"{max(yens):,}",
        median=f"{median(yens):,}",
    )
    return frame(size, name, _("取引された値段"), told, "".join(body))


def _alone(sale: Sale, size: tuple[float, float], name: str) -> Markup:
    """A single sale has no middle and no course: a dot, its price beside it and its day below."""
    width, height = size
    top, middle = ceiling(sale.yen), (LEFT + width - RIGHT) / 2

    def y(yen: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * yen / top

    day, level = _day(sale.at), y(sale.yen)
    body = [
        grid(width, top, y, shown.yen),
        f'<circle class="fill-2" cx="{middle:.1f}" cy="{level:.1f}" r="6"/>',
        f'<text class="chart__strong" x="{middle + 14:.1f}" y="{level + 5:.1f}">{shown.yen(sale.yen)}</text>',
        f'<text x="{middle:.1f}" y="{height - 10:.0f}" text-anchor="middle">{day}</text>',
    ]
    told = _("取引は1件で、%(day)sの%(yen)s円です。", day=day, yen=f"{sale.yen:,}")
    return frame(size, name, _("取引された値段"), told, "".join(body))


def counts(sales: Sequence[Sale], size: tuple[float, float], name: str) -> Markup:
    """How many sales in each month or day, as bars."""
    width, height = size
    grouped = spans(sales)
    top = ceiling(max(span.count for span in grouped))

    def y(count: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * count / top

    body = [grid(width, top, y, lambda count: f"{count:,}")]
    slot = (width - LEFT - RIGHT) / len(grouped)
    wide = 64 if all("年" not in span.short for span in grouped) else 92
    every = max(1, round(len(grouped) * wide / (width - LEFT - RIGHT)))
    for i, span in enumerate(grouped):
        left, bar = LEFT + slot * i, min(slot * 0.7, 60)
        at, tall = left + (slot - bar) / 2, y(0) - y(span.count)
        place = f'x="{at:.1f}" y="{y(span.count):.1f}" width="{bar:.1f}" height="{tall:.1f}"'
        body.append(f'<rect class="fill-1" {place} rx="3"/>')
        if i % every == 0:
            middle = f'x="{left + slot / 2:.1f}" y="{height - 10:.0f}" text-anchor="middle"'
            body.append(f"<text {middle}>{span.short}</text>")
    busiest = max(grouped, key=lambda span: span.count)
    return frame(
        size,
        name,
        _("取引の件数"),
        _("%(label)sの%(count)s件が最も多い。", label=busiest.label, count=busiest.count),
        "".join(body),
    )


def _people(count: int | None) -> str:
    return _("5人未満") if count is None else _("%(count)s人", count=f"{count:,}")


def holdings(bars: Sequence[tuple[str, int | None]], size: tuple[float, float], name: str) -> Markup:
    """How many people hold how many, as bars that lie; a number that is not said (None) has words instead."""
    width, height = size[0], 20.0 + 36 * len(bars)
    most = max((count for _, count in bars if count), default=1)
    room, body = width - LEFT - 90, []
    for i, (label, count) in enumerate(bars):
        y = 14 + 36 * i
        body.append(f'<text x="{LEFT - 8:.0f}" y="{y + 17:.0f}" text-anchor="end">{escape(label)}</text>')
        long = room * (count or 0) / most
        if count:
            body.append(
                f'<rect class="fill-4" x="{LEFT:.0f}" y="{y:.0f}" width="{max(2.0, long):.1f}" height="24" rx="3"/>'
            )
        word = _people(count)
        body.append(f'<text class="chart__strong" x="{LEFT + long + 10:.1f}" y="{y + 17:.0f}">{word}</text>')
    told = _("、").join(_("%(label)sは%(word)s", label=label, word=_people(count)) for label, count in bars)
    return frame((width, height), name, _("1人がいくつ持っているか"), told, "".join(body))
