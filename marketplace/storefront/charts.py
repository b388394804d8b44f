"""Charts as SVG text, drawn by the server: colours from the style sheet by class, so they follow day and night.

Each chart has a title and a description for those who do not see it; the page puts a table with the same numbers beside
it. On a phone a wide drawing would shrink its letters, so the page shows a narrow one there: see `both`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from marketplace.kit.clock import jst

LEFT, RIGHT, TOP, BOTTOM = 66.0, 22.0, 14.0, 34.0
WIDE, NARROW = (680.0, 280.0), (360.0, 260.0)
DOTS = 400
"""More dots than this are not drawn one by one; the middle line still counts every sale."""


@dataclass(frozen=True)
class Sale:
    at: datetime
    yen: int


@dataclass(frozen=True)
class Span:
    """The sales of a month (or a day, where there is only one month): how many, their middle and their sum."""

    begins: datetime
    label: str
    count: int
    median: int
    volume: int


def spans(sales: Sequence[Sale]) -> list[Span]:
    """By month in Japan, or by day where all lie within 60 days; oldest first, empty ones left out."""
    if not sales:
        return []
    by_day = max(sale.at for sale in sales) - min(sale.at for sale in sales) <= timedelta(days=60)
    grouped: dict[datetime, list[int]] = {}
    for sale in sales:
        local = jst(sale.at).replace(hour=0, minute=0, second=0, microsecond=0)
        grouped.setdefault(local if by_day else local.replace(day=1), []).append(sale.yen)
    return [_span(begins, prices, by_day) for begins, prices in sorted(grouped.items())]


def _span(begins: datetime, prices: list[int], by_day: bool) -> Span:
    label = f"{begins.month}月{begins.day}日" if by_day else f"{begins.year}年{begins.month}月"
    return Span(begins, label, len(prices), median(prices), sum(prices))


def median(prices: Sequence[int]) -> int:
    """The middle price; of two middle ones their mean, half a yen rounded up."""
    ordered, middle = sorted(prices), len(prices) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle] + 1) // 2


def ceiling(value: int, steps: int = 4) -> int:
    """The smallest 1, 2, 2.5 or 5 times a power of ten, times `steps`, that is not below `value`."""
    power = 1
    while True:
        for lead in (10, 20, 25, 50):
            step = lead * power // 10
            if step and step * 10 == lead * power and step * steps >= value:
                return step * steps
        power *= 10


def prices(sales: Sequence[Sale], size: tuple[float, float], name: str) -> Markup:
    """Each sale a dot, the medians a line."""
    width, height = size
    first, last = min(sale.at for sale in sales), max(sale.at for sale in sales)
    room = max((last - first).total_seconds(), 86400.0)
    top = ceiling(max(sale.yen for sale in sales))

    def x(at: datetime) -> float:
        return LEFT + (width - LEFT - RIGHT) * min(1.0, max(0.0, (at - first).total_seconds() / room))

    def y(yen: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * yen / top

    body = [_grid(width, top, y, lambda yen: f"{yen:,}円")]
    grouped = spans(sales)
    body += [
        f'<circle class="fill-2" cx="{x(sale.at):.1f}" cy="{y(sale.yen):.1f}" r="4" opacity="0.55"/>'
        for sale in sales[-DOTS:]
    ]
    if len(grouped) > 1:
        half = timedelta(days=15 if grouped[0].label.endswith("月") else 0.5)
        line = " ".join(f"{x(span.begins + half):.1f},{y(span.median):.1f}" for span in grouped)
        body.append(f'<polyline class="line-1" points="{line}"/>')
    for at, anchor in ((first, "start"), (last, "end")):
        local = jst(at)
        place = LEFT if anchor == "start" else width - RIGHT
        text = f"{local.year}年{local.month}月{local.day}日"
        body.append(f'<text x="{place:.0f}" y="{height - 10:.0f}" text-anchor="{anchor}">{text}</text>')
    yens = [sale.yen for sale in sales]
    told = (
        f"{len(yens)}件の取引。いちばん安いもので{min(yens):,}円、高いもので{max(yens):,}円、"
        f"中央値は{median(yens):,}円。"
    )
    return _frame(size, name, "取引された値段", told, "".join(body))


def counts(sales: Sequence[Sale], size: tuple[float, float], name: str) -> Markup:
    """How many sales in each month or day, as bars."""
    width, height = size
    grouped = spans(sales)
    top = ceiling(max(span.count for span in grouped))

    def y(count: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * count / top

    body = [_grid(width, top, y, lambda count: f"{count:,}")]
    slot = (width - LEFT - RIGHT) / len(grouped)
    every = max(1, round(len(grouped) * 64 / (width - LEFT - RIGHT)))
    for i, span in enumerate(grouped):
        left, bar = LEFT + slot * i, min(slot * 0.7, 60)
        at, tall = left + (slot - bar) / 2, y(0) - y(span.count)
        place = f'x="{at:.1f}" y="{y(span.count):.1f}" width="{bar:.1f}" height="{tall:.1f}"'
        body.append(f'<rect class="fill-1" {place} rx="3"/>')
        if i % every == 0:
            short = span.label.split("年")[-1]
            body.append(f'<text x="{left + slot / 2:.1f}" y="{height - 10:.0f}" text-anchor="middle">{short}</text>')
    busiest = max(grouped, key=lambda span: span.count)
    return _frame(size, name, "取引の件数", f"{busiest.label}の{busiest.count}件が最も多い。", "".join(body))


def both(
    draw: Callable[[Sequence[Sale], tuple[float, float], str], Markup], sales: Sequence[Sale], name: str
) -> Markup:
    """The same chart twice, wide for a desk and narrow for a phone; the style sheet shows one."""
    wide, narrow = draw(sales, WIDE, f"{name}-wide"), draw(sales, NARROW, f"{name}-narrow")
    return Markup('<div class="wide-only">{}</div><div class="narrow-only">{}</div>').format(wide, narrow)


def _grid(width: float, top: int, y: Callable[[float], float], word: Callable[[int], str]) -> str:
    lines = []
    for i in range(5):
        value = top * i // 4
        kind = "chart__axis" if i == 0 else "chart__grid"
        level = f'x1="{LEFT:.0f}" x2="{width - RIGHT:.0f}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
        lines.append(f'<line class="{kind}" {level}/>')
        lines.append(f'<text x="{LEFT - 8:.0f}" y="{y(value) + 4:.1f}" text-anchor="end">{word(value)}</text>')
    return "".join(lines)


def _frame(size: tuple[float, float], name: str, title: str, told: str, body: str) -> Markup:
    width, height = size
    return Markup(  # noqa: S704 - numbers, words of this file and escaped text
        f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(told)}</desc>{body}</svg>'
    )
