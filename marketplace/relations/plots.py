"""Plots of the relation as SVG: columns that stand by month, and bars that lie by prefecture and edition."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from marketplace.kit.languages import _, said
from marketplace.kit.plots import BOTTOM, LEFT, RIGHT, TOP, ceiling, fitting, frame, grid

Row = tuple[str, Sequence[int | None]]
"""A label, and one number for each series; None for one that is not said."""
NAMES = ("fill-1", "fill-3")


def columns(
    title: str, series: Sequence[str], unit: str
) -> Callable[[Sequence[Row], tuple[float, float], str], Markup]:
    """A chart of one or two series, side by side in each row; what is not said has a small cross instead."""

    def draw(rows: Sequence[Row], size: tuple[float, float], name: str) -> Markup:
        width, height = size
        top = ceiling(max((number or 0 for _label, numbers in rows for number in numbers), default=0) or 1)

        def y(value: float) -> float:
            return height - BOTTOM - (height - TOP - BOTTOM) * value / top

        body = [grid(width, top, y, lambda value: f"{value:,}")]
        slot = (width - LEFT - RIGHT) / max(1, len(rows))
        bar = min(slot * 0.8 / len(series), 28)
        every = max(1, round(len(rows) * 40 / (width - LEFT - RIGHT)))
        for i, (label, numbers) in enumerate(rows):
            middle = LEFT + slot * (i + 0.5)
            for n, number in enumerate(numbers):
                left = middle - bar * len(series) / 2 + bar * n
                if number is None:
                    body.append(f'<text x="{left + bar / 2:.1f}" y="{y(0) - 4:.1f}" text-anchor="middle">×</text>')
                elif number:
                    place = f'x="{left:.1f}" y="{y(number):.1f}" width="{bar:.1f}" height="{y(0) - y(number):.1f}"'
                    body.append(f'<rect class="{NAMES[n]}" {place} rx="2"/>')
            if (len(rows) - 1 - i) % every == 0:
                word = escape(label.split("年")[-1].partition(" ")[0])  # '11月', 'Nov'
                body.append(f'<text x="{middle:.1f}" y="{height - 10:.0f}" text-anchor="middle">{word}</text>')
        return frame(size, name, said(title), in_words(rows, series, unit), "".join(body))

    return draw


def lying(title: str, unit: str) -> Callable[[Sequence[Row], tuple[float, float], str], Markup]:
    """One bar for each row, its number beside it; the drawing is as high as it has rows. Where it is narrow, the label
    stands above the bar: the ends of labels tell editions apart."""

    def draw(rows: Sequence[Row], size: tuple[float, float], name: str) -> Markup:
        narrow = size[0] < 500
        wide, step, left = size[0], 54 if narrow else 30, 0.0 if narrow else 300.0
        height, down = 16.0 + step * len(rows), 24 if narrow else 0
        most = max((numbers[0] or 0 for _label, numbers in rows), default=0) or 1
        body = []
        for i, (label, numbers) in enumerate(rows):
            y, number = 10 + step * i + down, numbers[0]
            word = fitting(label, 40)
            place = 'x="0" text-anchor="start"' if narrow else f'x="{left - 8:.0f}" text-anchor="end"'
            body.append(f'<text {place} y="{y + 15 - down:.0f}">{escape(word)}</text>')
            long = (wide - left - 80) * (number or 0) / most
            if number:
                at = f'x="{left:.0f}" y="{y:.0f}" width="{max(2.0, long):.1f}" height="20"'
                body.append(f'<rect class="fill-4" {at} rx="3"/>')
            told = _("非公表") if number is None else f"{number:,}{said(unit)}"
            body.append(f'<text class="chart__strong" x="{left + long + 8:.1f}" y="{y + 15:.0f}">{told}</text>')
        return frame((wide, height), name, said(title), in_words(rows, (title,), unit), "".join(body))

    return draw


def in_words(rows: Sequence[Row], series: Sequence[str], unit: str) -> str:
    """The chart in a sentence."""
    first = [(numbers[0], label) for label, numbers in rows if numbers[0]]
    if not first:
        return _("%(what)sは、まだありません。", what=said(series[0]))
    most, where = max(first, key=lambda each: each[0] or 0)
    most_words = f"{most:,}{said(unit)}".rstrip()
    return _(
        "%(what)sは、%(where)sの%(most)sがいちばん多い。", what=said(series[0]), where=said(where), most=most_words
    )
