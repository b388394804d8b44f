"""Indoors: a lecture, a talk over tea, a certificate under the brush."""

from __future__ import annotations

from math import pi, sin

from marketplace.art.drawing import Sheet, blend, box, data, disc, line, num, oval, path, placed, stroke
from marketplace.art.landscapes import HEIGHT, WIDTH, landscape
from marketplace.art.places import INK, SKIN, WOOD


def hall(seed: str) -> Sheet:
    """A speaker at a desk before a full hall; on the screen, the mountain."""
    sheet = Sheet(WIDTH, HEIGHT, f"hall {seed}")
    w, h = WIDTH, HEIGHT
    deep, pale = (("#1f2d60", "#4b5f94"), ("#0e4a30", "#2f8f62"), ("#4a2350", "#8a4f86"))[sheet.chance.whole(0, 2)]
    sheet.rect(0, 0, w, h, sheet.fade([(0, deep), (1, pale)]))
    beam = sheet.fade([(0, "#fff7d0", 0.5), (1, "#fff7d0", 0)])
    for x, far in ((0.14, 0.32), (0.5, 0.5), (0.86, 0.68)):
        sheet.shape(
            [(w * x - 18, 0), (w * x + 18, 0), (w * far + 170, h * 0.85), (w * far - 170, h * 0.85)], beam, 0.45
        )
    left, top, wide, tall = w * 0.16, h * 0.09, w * 0.68, h * 0.42
    sheet.rect(left - 8, top - 8, wide + 16, tall + 16, "#10182e", 20, 0.5)
    sheet.rect(left, top, wide, tall, "#fdf8ea", 16)
    peak = [
        (left + wide * t / 40, top + tall * (0.86 - 0.46 * sin(pi * min(1, max(0, (t - 12) / 26))) ** 1.6))
        for t in range(41)
    ]
    foot = top + tall * 0.94
    sheet.disc(left + wide * 0.24, top + tall * 0.34, tall * 0.15, "#f4a06a")
    sheet.shape([*peak, (left + wide, foot), (left, foot)], "#8fb8cf")
    field = (tall * 0.84, wide * 0.3, -tall * 0.14, wide * 0.6, tall * 0.02, wide, tall * 0.84, foot - top)
    sheet.add(placed([path(data("M0 {}q{} {} {} {}T{} {}V{}H0Z", *field), "#2c9a66")], left, top))
    sheet.rect(0, h * 0.68, w, h * 0.32, sheet.fade([(0, "#8f5e34"), (1, "#53321a")]))
    sheet.add(oval(w * 0.5, h * 0.75, w * 0.25, h * 0.05, "#fff7d0", 0.3), placed(_speaker(), w * 0.5, h * 0.53))
    for row in range(3):
        heads = 9 + 2 * row
        for i in range(heads):
            x, y, r = w * (i + 0.5 + 0.5 * (row % 2)) / heads, h * (0.87 + 0.065 * row), w * 0.03 * (1 + 0.12 * row)
            colour = blend("#0f1838", deep, sheet.chance.between(0.1, 0.7))
            sheet.disc(x, y, r, colour)
            far, up = r * 1.6, r * 2.1
            sheet.add(path(data("M{} {}q0 {} {} {}t{} {}Z", x - far, y + r * 3, -up, far, -up, far, up), colour))
    return sheet


def _speaker() -> list[str]:
    return [
        path("M-76 130V34Q-70 -42 0 -46T76 34V130Z", "#22364a"),
        path("M-22 -46L0 4L22 -46Z", "#ffffff"), path("M-6 -34H6L9 12 0 26-9 12Z", "#c8402e"),
        disc(0, -94, 50, SKIN), path("M-52 -96Q-58 -150 0 -152T52 -96Q40 -126 0 -124T-52 -96Z", "#3a2a22"),
        disc(-18, -92, 5, INK), disc(18, -92, 5, INK), stroke("M-13 -72Q0 -58 13 -72", INK, 4),
        stroke("M-60 24Q-128 4 -134 -62", "#22364a", 34), disc(-136, -80, 19, SKIN),
        path("M-150 94H150L128 256H-128Z", "#c98f54"), box(-168, 76, 336, 26, "#e0ab6d", 8),
        disc(0, 172, 46, "#fdf8ea"), path("M-34 186Q-12 164 -4 148Q4 140 12 150Q22 168 34 186Z", "#115a36"),
        stroke("M46 76Q60 24 32 -2", "#111111", 7), disc(30, -6, 11, "#111111"),
    ]  # fmt: skip


def tea(seed: str) -> Sheet:
    """Two cups on a low table by the window: a talk between two people."""
    sheet = landscape(seed, "day", water=True, peak=0.45, horizon=0.5)
    w, h = sheet.width, sheet.height
    for x in (0.0, 0.245, 0.495, 0.745, 0.985):
        sheet.rect(w * x, 0, w * 0.015, h * 0.72, "#5f4430")
    for y in (0.0, 0.22):
        sheet.rect(0, h * y, w, h * 0.016, "#5f4430")
    sheet.rect(0, h * 0.7, w, h * 0.3, sheet.fade([(0, "#cdd6a0"), (1, "#a9b577")]))
    sheet.add(stroke(f"M0 {num(h * 0.84)}H{num(w)}", "#3f4d2c", 10))
    sheet.shape(
        [(w * 0.2, h * 0.74), (w * 0.8, h * 0.74), (w * 0.92, h * 0.9), (w * 0.08, h * 0.9)],
        sheet.fade([(0, "#a86e3f"), (1, "#7d4c27")]),
    )
    sheet.rect(w * 0.08, h * 0.9, w * 0.84, 20, "#5f3a1e")
    for x, colour in ((0.36, "#4d7fa3"), (0.63, "#b5563c")):
        cup = [
            oval(0, 50, 64, 12, "#4a2c16", 0.4),
            path("M-48 -44H48L38 46Q0 60 -38 46Z", colour),
            oval(0, -44, 48, 13, "#c9d98a"),
            stroke("M-30 -6H30", "#ffffff", 5, 0.6),
            stroke("M-12 -66q-14 -22 0 -42t0 -40M14 -66q-14 -22 0 -42t0 -40", "#fff", 6, 0.7),
        ]
        sheet.add(placed(cup, w * x, h * 0.79))
    return sheet


def brush(seed: str) -> Sheet:
    """A brush has drawn the ridge in one stroke, with a red seal: for certificates."""
    sheet = Sheet(WIDTH, HEIGHT, f"brush {seed}")
    w, h = WIDTH, HEIGHT
    sheet.rect(0, 0, w, h, sheet.fade([(0, "#fffdf6"), (1, "#f3ecdc")]))
    for _ in range(40):
        x, y = sheet.chance.between(0, w), sheet.chance.between(0, h)
        sheet.add(
            stroke(
                f"M{num(x)} {num(y)}l{num(sheet.chance.around(0, 60))} {num(sheet.chance.around(0, 40))}",
                "#d8cbb0",
                1.5,
                0.5,
            )
        )
    sheet.disc(w * 0.7, h * 0.3, h * 0.1, "#d6483a", 0.85)
    skyline = [
        (w * (0.08 + 0.84 * t / 60), h * (0.72 - 0.34 * sin(pi * t / 60) ** 2.2) + sheet.chance.between(-6, 6))
        for t in range(61)
    ]
    under = [(x, y + 26 + 30 * sin(pi * k / 60) + sheet.chance.between(-9, 9)) for k, (x, y) in enumerate(skyline)]
    sheet.shape([*skyline, *reversed(under)], "#20262c", 0.92)
    for k in range(3):
        sheet.add(stroke(line([(x, y + 64 + 18 * k) for x, y in skyline[6 + 8 * k : 54 - 8 * k]]), "#20262c", 5, 0.28))
    handle = [
        path("M-13 -330L13 -330L16 0H-16Z", WOOD),
        box(-20, -10, 40, 40, "#d8b24a", 6),
        path("M-22 30H22Q26 92 0 150Q-26 92 -22 30Z", "#20262c"),
    ]
    seal = [
        box(-52, -52, 104, 104, "#c8402e", 10),
        path("M-32 22Q-10 0 -4 -16Q2 -26 10 -14Q20 4 32 22Z", "#fff4ea"),
        stroke("M-30 34H30", "#fff4ea", 7),
    ]
    sheet.add(placed(handle, w * 0.88, h * 0.48, 1, 24), placed(seal, w * 0.2, h * 0.24))
    return sheet
