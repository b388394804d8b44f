"""Where a character stands: light, hemp leaves (麻の葉), hills."""

from __future__ import annotations

from math import cos, pi, sin

from marketplace.art.drawing import Sheet, blend, line, num, path, placed, stroke
from marketplace.art.figures import FACES, FIGURES, Figure
from marketplace.art.landscapes import HEIGHT, WIDTH


def rays(x: float, y: float, reach: float, fill: str, opacity: float) -> str:
    beams = []
    for i in range(20):
        a, b = pi * i / 10, pi * (i + 0.5) / 10
        beams.append(
            line([(x, y), (x + reach * cos(a), y + reach * sin(a)), (x + reach * cos(b), y + reach * sin(b))], True)
        )
    return path("".join(beams), fill, opacity)


def hemp_leaves(sheet: Sheet, side: float, colour: str, opacity: float) -> str:
    """麻の葉, the old pattern of six-pointed leaves, as a fill."""
    wide, tall = side * 3**0.5, side * 3
    cuts = []
    for cx, cy in ((0.0, 0.0), (wide, 0.0), (wide / 2, tall / 2), (0.0, tall), (wide, tall)):
        for k in range(6):
            a, b = pi * (2 * k + 1) / 6, pi * k / 3
            mx, my = cx + side / 3**0.5 * cos(b), cy + side / 3**0.5 * sin(b)
            cuts.append(line([(cx, cy), (cx + side * cos(a), cy + side * sin(a))]))
            cuts.append(
                line(
                    [
                        (cx + side * cos(b - pi / 6), cy + side * sin(b - pi / 6)),
                        (mx, my),
                        (cx + side * cos(b + pi / 6), cy + side * sin(b + pi / 6)),
                    ]
                )
            )
            cuts.append(line([(cx, cy), (mx, my)]))
    name = sheet.define(
        f'<pattern id="{{id}}" width="{num(wide)}" height="{num(tall)}" patternUnits="userSpaceOnUse">'
        f"{stroke(''.join(cuts), colour, 2, opacity)}</pattern>"
    )
    return f"url(#{name})"


def world(sheet: Sheet, figure: Figure, x: float, y: float, w: float, h: float) -> None:
    """Where a character stands: light, leaves, hills."""
    sheet.rect(
        x, y, w, h, sheet.fade([(0, blend(figure.pale, "#ffffff", 0.45)), (1, blend(figure.accent, "#ffffff", 0.5))])
    )
    sheet.rect(x, y, w, h, hemp_leaves(sheet, 40, "#ffffff", 0.5))
    middle, level = x + w / 2, y + h * 0.5
    sheet.add(rays(middle, level, max(w, h), "#ffffff", 0.2))
    sheet.disc(
        middle, level, min(w, h) * 0.47, sheet.glow([(0, "#ffffff", 1), (0.6, "#ffffff", 0.45), (1, "#ffffff", 0)])
    )
    back = [(x + w * t / 24, y + h * (0.86 - 0.22 * max(0.0, cos((t / 24 - 0.8) * pi * 1.7)) ** 2)) for t in range(25)]
    for points, shade in ((back, 0.45), (_swell(x, y + h * 0.88, w, h * 0.05), 0.18)):
        sheet.shape([*points, (x + w, y + h), (x, y + h)], blend(figure.accent, "#ffffff", shade))
    sheet.shape(
        [*_swell(x, y + h * 0.94, w, h * -0.03), (x + w, y + h), (x, y + h)], blend(figure.accent, "#000000", 0.12)
    )


def _swell(x: float, y: float, w: float, lift: float) -> list[tuple[float, float]]:
    return [(x + w * t / 16, y - lift * sin(2 * pi * t / 16)) for t in range(17)]


def figure_scene(name: str, seed: str) -> Sheet:
    """A character in its world, 4:3."""
    sheet = Sheet(WIDTH, HEIGHT, f"figure {name} {seed}")
    figure, look = FIGURES[name], sheet.chance.one_of(FACES)
    world(sheet, figure, 0, 0, WIDTH, HEIGHT)
    sheet.scatter(36, HEIGHT * 0.75, 3, 10)
    sheet.add(placed([figure.draw(look)], WIDTH / 2, HEIGHT * 0.52, 2.15))
    return sheet
