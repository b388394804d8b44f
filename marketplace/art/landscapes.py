"""The mountain of the town, in six moods, with a lake or without. Everything else stands in front of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi

from marketplace.art.drawing import Point, Sheet, blend, line, num, path, stroke

WIDTH, HEIGHT = 1200.0, 900.0


@dataclass(frozen=True)
class Mood:
    """Colours of an hour or a season: sky from top to horizon, light, the mountain, the woods, the water."""

    top: str
    middle: str
    horizon: str
    light: str
    mountain: str
    woods: str
    water: str
    starry: bool = False


MOODS = {
    "dawn": Mood("#33508f", "#c792b4", "#ffdcb6", "#fff1d6", "#8a82b6", "#27485a", "#5e87a9"),
    "day": Mood("#3a8ccf", "#a3d6f0", "#f0f9f5", "#fffdf2", "#86b0ca", "#216c50", "#6bb6d4"),
    "dusk": Mood("#212c60", "#8c5089", "#f7a66d", "#ffe4ad", "#6c5890", "#1e3450", "#4a5d8e", True),
    "night": Mood("#0a1536", "#1d326b", "#46669c", "#f6f2dd", "#415c90", "#0d2139", "#294a7d", True),
    "snow": Mood("#84a8c8", "#cddeeb", "#f6f9fb", "#ffffff", "#adc5d8", "#4d738f", "#9dbfd4"),
    "autumn": Mood("#4c91c3", "#c0dddd", "#fdf1d4", "#fff8df", "#a2a7bc", "#a64a1e", "#3e84ab"),
}


def landscape(
    seed: str,
    mood: str | None = None,
    *,
    colours: Mood | None = None,
    water: bool = True,
    peak: float | None = None,
    light_x: float | None = None,
    width: float = WIDTH,
    height: float = HEIGHT,
    horizon: float = 0.64,
) -> Sheet:
    """A sheet with the view on it, ready for a foreground. `colours` of its own, else those of `mood`.

    `peak` and `light_x` are shares of the width.
    """
    sheet = Sheet(width, height, f"landscape {seed}")
    colours = colours or MOODS[mood or sheet.chance.one_of(list(MOODS))]
    shore = height * horizon
    sun_x = width * (light_x if light_x is not None else sheet.chance.between(0.2, 0.8))
    _sky(sheet, colours, shore, sun_x)
    sheet.ground(sheet.ridge(shore * 0.86, height * 0.05), blend(colours.mountain, colours.horizon, 0.5))
    top = mountain(sheet, colours, shore, width * (peak if peak is not None else sheet.chance.between(0.4, 0.62)))
    haze = sheet.fade([(0, colours.horizon, 0), (0.5, colours.horizon, 0.8), (1, colours.horizon, 0)])
    sheet.rect(0, shore * 0.8, width, height * 0.2, haze)
    for row in range(3):
        _woods(sheet, colours, shore * (0.93 + 0.055 * row), row)
    if water:
        _lake(sheet, colours, shore * 1.07, top, sun_x)
    return sheet


def _sky(sheet: Sheet, mood: Mood, shore: float, sun_x: float) -> None:
    w, h = sheet.width, sheet.height
    sheet.rect(0, 0, w, h, sheet.fade([(0, mood.top), (0.45, mood.middle), (shore / h, mood.horizon)]))
    if mood.starry:
        sheet.scatter(int(w / 9), shore * 0.7, 0.8, 2.2)
    sun_y, r = h * sheet.chance.between(0.15, 0.24), h * 0.058
    halo = sheet.glow([(0, mood.light, 0.9), (0.3, mood.light, 0.35), (1, mood.light, 0)])
    sheet.disc(sun_x, sun_y, r * 4.6, halo)
    sheet.disc(sun_x, sun_y, r, mood.light)
    clouds = []
    for _ in range(5):
        x, y = sheet.chance.between(-0.1, 0.9) * w, sheet.chance.between(0.1, 0.42) * h
        clouds.append(f"M{num(x)} {num(y)}h{num(w * sheet.chance.between(0.12, 0.34))}")
    sheet.add(stroke("".join(clouds), "#fff", h * 0.011, 0.3))


def mountain(sheet: Sheet, mood: Mood, base: float, middle: float) -> list[Point]:
    """A broad dome with a shoulder, snow fingers and a shaded flank. Gives its outline."""
    w, chance = sheet.width, sheet.chance
    reach, rise = max(w * 0.6, sheet.height * 0.75), base * 0.7
    steps = 72
    outline: list[Point] = []
    for i in range(steps + 1):
        u = -1.15 + 2.3 * i / steps
        body = (1 / (1 + (2.3 * u) ** 2) - 0.125) / 0.875
        shoulder = 0.09 * cos((u + 0.42) * pi) ** 2 if abs(u + 0.42) < 0.5 else 0
        rough = chance.between(-0.009, 0.009)
        outline.append((middle + u * reach, base * 1.05 - rise * (body * 0.9 + shoulder + rough)))
    sheet.shape([*outline, (outline[-1][0], sheet.height), (outline[0][0], sheet.height)], mood.mountain)
    crest = outline[steps // 4 : steps * 3 // 4 + 1]
    fingers: list[Point] = []
    for i, (x, y) in enumerate(crest):
        near = 1 - abs(i / (len(crest) - 1) - 0.5) * 2
        long = chance.between(0.6, 1.4) if i % 2 else chance.between(0.15, 0.55)
        depth = rise * (0.05 + 0.38 * near**1.5) * long
        fingers.append((x + (x - middle) * 0.2 * (depth / rise), y + depth))
    snow = sheet.fade([(0, "#ffffff", 1), (0.6, "#ffffff", 0.9), (1, "#ffffff", 0.35)])
    sheet.shape([*crest, *reversed(fingers)], snow)
    _shade(sheet, outline, mood)
    return outline


def _shade(sheet: Sheet, outline: list[Point], mood: Mood) -> None:
    """The flank away from the light: from the top down a broken edge to the foot."""
    summit = min(outline, key=lambda point: point[1])
    right = [point for point in outline if point[0] >= summit[0]]
    edge = [summit]
    for i in range(1, 7):
        fall = (sheet.height - summit[1]) * i / 7
        edge.append(
            (summit[0] + fall * 0.16 + sheet.chance.between(-0.5, 0.5) * 60 * (1 if i % 2 else -1), summit[1] + fall)
        )
    dark = sheet.fade([(0, blend(mood.mountain, mood.top, 0.5), 0.55), (1, blend(mood.mountain, mood.top, 0.3), 0)])
    sheet.shape([*right, (right[-1][0], sheet.height), *reversed(edge)], dark)


def _woods(sheet: Sheet, mood: Mood, base: float, row: int) -> None:
    colour = blend(blend(mood.mountain, mood.horizon, 0.15), mood.woods, 0.4 + 0.3 * row)
    skyline = sheet.ridge(base, sheet.height * 0.035, 0.5, 5)
    sheet.ground(skyline, colour)
    step = sheet.width / (len(skyline) - 1)
    tops = []
    for _ in range(int(sheet.width / (17 - 3 * row))):
        x = sheet.chance.between(0, sheet.width)
        foot = skyline[min(round(x / step), len(skyline) - 1)][1] + 8
        tall = sheet.height * (0.02 + 0.013 * row) * sheet.chance.between(0.6, 1.35)
        tops.append(f"M{num(x - tall * 0.3)} {num(foot)}l{num(tall * 0.3)} {num(-tall)}l{num(tall * 0.3)} {num(tall)}z")
    sheet.add(path("".join(tops), colour))


def _lake(sheet: Sheet, mood: Mood, shore: float, outline: list[Point], sun_x: float) -> None:
    w, h, chance = sheet.width, sheet.height, sheet.chance
    deep = h - shore
    sheet.rect(
        0,
        shore,
        w,
        deep,
        sheet.fade([(0, blend(mood.water, mood.horizon, 0.55)), (1, blend(mood.water, "#0c2b45", 0.5))]),
    )
    squeeze = deep * 0.85 / (shore - min(y for _, y in outline))
    mirror = [(x, min(h, shore + max(0.0, shore - y) * squeeze)) for x, y in outline]
    sheet.shape(mirror, sheet.fade([(0, blend(mood.mountain, mood.woods, 0.4), 0.6), (1, mood.mountain, 0.05)]))
    sheet.rect(0, shore - 1, w, h * 0.05, sheet.fade([(0, mood.woods, 0.75), (1, mood.woods, 0)]))
    for strength in (0.12, 0.22):
        ripples = []
        for i in range(18):
            y = shore + deep * (i / 18) ** 1.3 + 4
            ripples.append(f"M{num(chance.between(-0.05, 0.95) * w)} {num(y)}h{num(w * chance.between(0.03, 0.16))}")
        sheet.add(stroke("".join(ripples), "#fff", 2.5, strength))
    path_of_light = []
    for i in range(12):
        y, long = shore + deep * i / 12 + 6, w * chance.between(0.02, 0.07)
        path_of_light.append(f"M{num(sun_x - long / 2 + chance.between(-12, 12))} {num(y)}h{num(long)}")
    sheet.add(stroke("".join(path_of_light), mood.light, 3, 0.6))


def cedar(x: float, foot: float, tall: float, colour: str, snow: bool = False) -> str:
    """A near cedar: three skirts and a trunk, with snow on it in winter."""
    parts = [path(line([(x - tall * 0.03, foot), (x + tall * 0.03, foot), (x, foot - tall * 0.5)], True), "#4a3524")]
    for i in range(4):
        top, wide = foot - tall + tall * 0.2 * i, tall * (0.12 + 0.055 * i)
        low = top + tall * 0.36
        parts.append(
            path(
                line([(x, top), (x + wide, low), (x, low - tall * 0.05), (x - wide, low)], True),
                blend(colour, "#000000", 0.06 * i),
            )
        )
        if snow:
            cap = [
                (x, top),
                (x + wide * 0.7, top + tall * 0.24),
                (x, top + tall * 0.16),
                (x - wide * 0.7, top + tall * 0.26),
            ]
            parts.append(path(line(cap, True), "#ffffff", 0.88))
    return "".join(parts)
