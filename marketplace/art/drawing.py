"""A sheet to draw on: SVG text from plain numbers. The same seed draws the same picture, byte for byte.

Chance comes from `random.Random` seeded with a string and used through `random()` only, the one method whose stream
Python promises to keep between versions (https://docs.python.org/3/library/random.html#notes-on-reproducibility).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

Point = tuple[float, float]
Stop = tuple[float, str] | tuple[float, str, float]


def num(value: float) -> str:
    """One decimal is a tenth of a pixel: enough for the eye, and short."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def blend(one: str, other: str, share: float) -> str:
    """The colour `share` of the way from one '#rrggbb' to the other."""
    pairs = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def data(template: str, *values: float) -> str:
    """Path data with numbers put into it, each rounded by `num`: data("M{} {}h{}", 1.04, 2, 3) is "M1 2h3"."""
    return template.format(*map(num, values))


def line(points: Iterable[Point], closed: bool = False) -> str:
    """Path data through the points."""
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in points) + ("Z" if closed else "")


class Chance:
    """What a drawing needs of chance, from one stream."""

    def __init__(self, seed: str) -> None:
        self._stream = random.Random(seed)  # noqa: S311 - draws pictures, decides nothing

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._stream.random()

    def whole(self, low: int, high: int) -> int:
        return low + int((high - low + 1) * self._stream.random())

    def one_of(self, choices: Sequence[str]) -> str:
        return choices[self.whole(0, len(choices) - 1)]

    def around(self, middle: float, spread: float) -> float:
        """Near the middle more often than far from it."""
        return middle + spread * (self._stream.random() + self._stream.random() + self._stream.random() - 1.5)


class Sheet:
    """Width and height in user units; parts are drawn in the order they are added."""

    def __init__(self, width: float, height: float, seed: str) -> None:
        self.width, self.height = width, height
        self.chance = Chance(seed)
        self._defs: list[str] = []
        self._parts: list[str] = []

    def add(self, *parts: str) -> None:
        self._parts.extend(parts)

    def define(self, body: str) -> str:
        """A definition with {id} in it; its name, for url(#…)."""
        name = f"d{len(self._defs)}"
        self._defs.append(body.replace("{id}", name))
        return name

    def fade(self, stops: Sequence[Stop], x: float = 0, y: float = 1) -> str:
        """A linear gradient from the top left towards (x, y), as a fill."""
        body = f'<linearGradient id="{{id}}" x2="{num(x)}" y2="{num(y)}">{_stops(stops)}</linearGradient>'
        return f"url(#{self.define(body)})"

    def glow(self, stops: Sequence[Stop]) -> str:
        body = f'<radialGradient id="{{id}}">{_stops(stops)}</radialGradient>'
        return f"url(#{self.define(body)})"

    def clip(self, shape: str) -> str:
        body = f'<clipPath id="{{id}}">{shape}</clipPath>'
        return f"url(#{self.define(body)})"

    def rect(self, x: float, y: float, w: float, h: float, fill: str, r: float = 0, opacity: float = 1) -> None:
        self.add(box(x, y, w, h, fill, r, opacity))

    def disc(self, x: float, y: float, r: float, fill: str, opacity: float = 1) -> None:
        self.add(disc(x, y, r, fill, opacity))

    def shape(self, points: Iterable[Point], fill: str, opacity: float = 1) -> None:
        self.add(path(line(points, closed=True), fill, opacity))

    def ridge(self, base: float, amplitude: float, roughness: float = 0.55, rounds: int = 6) -> list[Point]:
        """A skyline across the sheet by midpoint displacement."""
        swing = amplitude
        heights = [base + self.chance.between(-swing, swing) * 0.4 for _ in range(2)]
        for _ in range(rounds):
            finer = heights[:1]
            for left, right in pairwise(heights):
                finer += [(left + right) / 2 + self.chance.between(-swing, swing), right]
            heights, swing = finer, swing * roughness
        step = self.width / (len(heights) - 1)
        return [(i * step, y) for i, y in enumerate(heights)]

    def ground(self, skyline: Sequence[Point], fill: str, opacity: float = 1) -> None:
        """Everything below a skyline."""
        self.shape([*skyline, (self.width, self.height), (0, self.height)], fill, opacity)

    def scatter(self, count: int, bottom: float, small: float, big: float) -> None:
        """Stars or snow, from the top down: round white specks in three strengths, one path each."""
        for strength in (0.35, 0.6, 0.9):
            specks = []
            for _ in range(count // 3):
                x, y = self.chance.between(0, self.width), self.chance.between(0, bottom)
                r = self.chance.between(small, big)
                specks.append(data("M{} {}a{} {} 0 1 0 {} 0a{} {} 0 1 0 {} 0", x - r, y, r, r, 2 * r, r, r, -2 * r))
            self.add(path("".join(specks), "#fff", strength))

    def svg(self) -> str:
        w, h = num(self.width), num(self.height)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}">'
            f"<defs>{''.join(self._defs)}</defs>{''.join(self._parts)}</svg>"
        )


def _stops(stops: Sequence[Stop]) -> str:
    made = []
    for stop in stops:
        veil = f' stop-opacity="{num(stop[2] * 100)}%"' if len(stop) == 3 else ""
        made.append(f'<stop offset="{num(stop[0] * 100)}%" stop-color="{stop[1]}"{veil}/>')
    return "".join(made)


def _veil(opacity: float) -> str:
    return f' opacity="{opacity:.2f}"' if opacity < 1 else ""


def path(data: str, fill: str, opacity: float = 1) -> str:
    return f'<path d="{data}" fill="{fill}"{_veil(opacity)}/>'


def stroke(data: str, colour: str, width: float, opacity: float = 1) -> str:
    return (
        f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{num(width)}"'
        f' stroke-linecap="round" stroke-linejoin="round"{_veil(opacity)}/>'
    )


def box(x: float, y: float, w: float, h: float, fill: str, r: float = 0, opacity: float = 1) -> str:
    corner = f' rx="{num(r)}"' if r else ""
    return f'<rect x="{num(x)}" y="{num(y)}" width="{num(w)}" height="{num(h)}"{corner} fill="{fill}"{_veil(opacity)}/>'


def disc(x: float, y: float, r: float, fill: str, opacity: float = 1) -> str:
    return f'<circle cx="{num(x)}" cy="{num(y)}" r="{num(r)}" fill="{fill}"{_veil(opacity)}/>'


def oval(x: float, y: float, rx: float, ry: float, fill: str, opacity: float = 1) -> str:
    return f'<ellipse cx="{num(x)}" cy="{num(y)}" rx="{num(rx)}" ry="{num(ry)}" fill="{fill}"{_veil(opacity)}/>'


def placed(parts: Iterable[str], x: float, y: float, scale: float = 1, turn: float = 0) -> str:
    """Parts drawn around the origin, moved, turned (degrees) and scaled."""
    turned = f" rotate({num(turn)})" if turn else ""
    grown = f" scale({scale:.3f})" if scale != 1 else ""
    return f'<g transform="translate({num(x)} {num(y)}){turned}{grown}">{"".join(parts)}</g>'
