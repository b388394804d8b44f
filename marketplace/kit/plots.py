"""Plots as SVG text, drawn by the server: colours from the style sheet by class, so they follow day and night.

Each has a title and a description for those who do not see it; the page puts a table with the same numbers beside it.
On a phone a wide drawing would shrink its letters, so the page shows a narrow one there: see `both`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeVar
from unicodedata import east_asian_width

from markupsafe import Markup, escape

from marketplace.kit.languages import _
from marketplace.kit.readings import without_readings

T = TypeVar("T")

LEFT, RIGHT, TOP, BOTTOM = 66.0, 22.0, 14.0, 34.0
WIDE, NARROW = (500.0, 280.0), (360.0, 260.0)
DOTS = 400
"""More dots than this are not drawn one by one."""


def both(draw: Callable[[Sequence[T], tuple[float, float], str], Markup], rows: Sequence[T], name: str) -> Markup:
    """The same chart twice, wide for a desk and narrow for a phone; the style sheet shows one."""
    wide, narrow = draw(rows, WIDE, f"{name}-wide"), draw(rows, NARROW, f"{name}-narrow")
    return Markup('<div class="wide-only">{}</div><div class="narrow-only">{}</div>').format(wide, narrow)


def frame(size: tuple[float, float], name: str, title: str, told: str, body: str) -> Markup:
    """A drawing of that size with its title, and what it shows in words."""
    width, height = size
    return Markup(  # noqa: S704 - numbers, words of this file and escaped text
        f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(told)}</desc>{body}</svg>'
    )


def grid(width: float, top: int, y: Callable[[float], float], word: Callable[[int], str]) -> str:
    """Five level lines from 0 to `top`, each with its word."""
    lines = []
    for i in range(5):
        value = top * i // 4
        kind = "chart__axis" if i == 0 else "chart__grid"
        level = f'x1="{LEFT:.0f}" x2="{width - RIGHT:.0f}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
        lines.append(f'<line class="{kind}" {level}/>')
        lines.append(f'<text x="{LEFT - 8:.0f}" y="{y(value) + 4:.1f}" text-anchor="end">{word(value)}</text>')
    return "".join(lines)


def ceiling(value: int, steps: int = 4) -> int:
    """The smallest 1, 2, 2.5, 3 or 5 times a power of ten, times `steps`, that is not below `value`."""
    power = 1
    while True:
        for lead in (10, 20, 25, 30, 50):
            step = lead * power // 10
            if step and step * 10 == lead * power and step * steps >= value:
                return step * steps
        power *= 10


def fitting(word: str, room: int) -> str:
    """As much of a word as `room` Latin letters take, of which a kana takes two; readings in brackets go first."""
    for each in (word, without_readings(word)):
        wide = list(accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in each))
        if not wide or wide[-1] <= room:
            return each
    return each[: sum(so_far <= room - 2 for so_far in wide)].rstrip() + "…"


def columns(
    bars: Sequence[tuple[str, int]], size: tuple[float, float], name: str, *, title: str, unit: str = ""
) -> Markup:
    """A value for each label, as standing bars; as many labels are written as have room. `bars` is not empty."""
    width, height = size
    top = ceiling(max(1, max(value for _, value in bars)))

    def y(value: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * value / top

    body = [grid(width, top, y, lambda value: f"{value:,}{unit}")]
    slot = (width - LEFT - RIGHT) / len(bars)
    every = -(-len(bars) * 64 // int(width - LEFT - RIGHT))
    for i, (label, value) in enumerate(bars):
        left, bar = LEFT + slot * i, min(slot * 0.7, 60)
        place = f'x="{left + (slot - bar) / 2:.1f}" y="{y(value):.1f}" width="{bar:.1f}" height="{y(0) - y(value):.1f}"'
        body.append(f'<rect class="fill-1" {place} rx="3"/>')
        if i % every == 0:
            middle = f'x="{left + slot / 2:.1f}" y="{height - 10:.0f}" text-anchor="middle"'
            body.append(f"<text {middle}>{escape(label)}</text>")
    highest = max(bars, key=lambda pair: pair[1])
    return frame(
        size,
        name,
        title,
        _("%(label)sの%(most)s%(unit)sが最も多い。", label=highest[0], most=f"{highest[1]:,}", unit=unit.rstrip()),
        "".join(body),
    )


def lying(
    bars: Sequence[tuple[str, float, str]], size: tuple[float, float], name: str, *, title: str, longest: int = 22
) -> Markup:
    """(label, value, the value in words), as bars that lie under their labels: for names that are long."""
    width, height = size[0], 16.0 + 54 * len(bars)
    most = max((value for _, value, _ in bars), default=0) or 1
    body = []
    for i, (label, value, word) in enumerate(bars):
        y, long = 20 + 54 * i, (width - 130) * value / most
        short = label if len(label) <= longest else f"{label[: longest - 1]}…"
        body.append(f'<text x="4" y="{y:.0f}">{escape(short)}</text>')
        if value > 0:
            body.append(f'<rect class="fill-4" x="4" y="{y + 7:.0f}" width="{max(2.0, long):.1f}" height="20" rx="3"/>')
        body.append(f'<text class="chart__strong" x="{long + 12:.1f}" y="{y + 22:.0f}">{escape(word)}</text>')
    told = _("、").join(_("%(label)sは%(word)s", label=label, word=word) for label, _count, word in bars)
    return frame((width, height), name, title, told, "".join(body))
