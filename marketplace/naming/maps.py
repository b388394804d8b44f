"""The schematic map of the town, drawn by the server: water, hills and roads as one would sketch them, and numbered
pins. Colours come from the style sheet by class. The page puts the same places as a list beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from marketplace.kit.languages import _
from marketplace.naming.models import Place

WIDE, NARROW = (720.0, 420.0), (360.0, 300.0)

HILLS = (
    ((0, 0), (0, 300), (90, 210), (170, 120), (260, 190), (350, 90), (430, 0)),
    ((620, 0), (690, 90), (780, 40), (870, 170), (940, 110), (1000, 210), (1000, 0)),
    ((0, 1000), (0, 830), (80, 780), (170, 860), (260, 1000)),
)
LAKE = ((690, 690), (760, 610), (880, 600), (950, 680), (930, 790), (820, 840), (720, 790))
RIVER = ((480, 0), (450, 170), (520, 310), (480, 450), (560, 580), (690, 690))
ROADS = (((0, 620), (210, 560), (430, 520), (640, 420), (1000, 360)), ((430, 520), (400, 760), (460, 1000)))


@dataclass(frozen=True)
class Pin:
    number: int
    place: Place
    label: str


def town_map(pins: Sequence[Pin], landmarks: Sequence[Place]) -> Markup:
    """Twice: wide for a desk, with names; narrow for a phone, with numbers alone. The style sheet shows one."""
    wide, narrow = _draw(pins, landmarks, WIDE, "map-wide"), _draw(pins, (), NARROW, "map-narrow")
    return Markup('<div class="wide-only">{}</div><div class="narrow-only">{}</div>').format(wide, narrow)


def _draw(pins: Sequence[Pin], landmarks: Sequence[Place], size: tuple[float, float], name: str) -> Markup:
    width, height = size
    named = size == WIDE

    def at(x: float, y: float) -> tuple[float, float]:
        return x * width / 1000, y * height / 1000

    def along(points: Sequence[tuple[int, int]]) -> str:
        return " ".join(f"{x:.0f},{y:.0f}" for x, y in (at(*point) for point in points))

    body = [f'<rect class="map__land" width="{width:.0f}" height="{height:.0f}"/>']
    body += [f'<polygon class="map__hill" points="{along(hill)}"/>' for hill in HILLS]
    body += [
        f'<polyline class="map__river" points="{along(RIVER)}"/>',
        f'<polygon class="map__lake" points="{along(LAKE)}"/>',
    ]
    body += [f'<polyline class="map__road" points="{along(road)}"/>' for road in ROADS]
    for place in landmarks:
        x, y = at(place.x or 0, place.y or 0)
        body.append(f'<circle class="map__spot" cx="{x:.0f}" cy="{y:.0f}" r="4"/>')
        body.append(_text(x, y + 18, place.name, width))
    for pin in pins:
        x, y = at(pin.place.x or 0, pin.place.y or 0)
        x, y = min(max(x, 16), width - 16), min(max(y, 16), height - 16)
        body.append(f'<circle class="map__pin" cx="{x:.0f}" cy="{y:.0f}" r="14"/>')
        body.append(f'<text class="map__number" x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle">{pin.number}</text>')
        if named:
            body.append(_text(x, y - 20 if y > 60 else y + 30, pin.label, width, strong=True))
    listed = [_("%(no)s番 %(name)s", no=pin.number, name=pin.label) for pin in pins]
    told, title = _("、").join(listed) or _("まだ看板はありません"), _("愛称の看板がある場所の略図")
    return Markup(  # noqa: S704 - numbers, words of this file and escaped text
        f'<svg class="map" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{title}</title><desc id="{name}-d">{escape(told)}</desc>'
        f"{''.join(body)}</svg>"
    )


def _text(x: float, y: float, words: str, width: float, *, strong: bool = False) -> str:
    """Near an edge the words run away from it."""
    anchor = "start" if x < width * 0.15 else "end" if x > width * 0.85 else "middle"
    kind = ' class="map__strong"' if strong else ""
    return f'<text{kind} x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(words)}</text>'
