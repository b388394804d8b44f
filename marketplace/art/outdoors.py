"""Outdoors: bathe, swim, shovel snow, sweat in a tent, start the fountain, ride the lift."""

from __future__ import annotations

from math import cos, pi, sin

from marketplace.art.drawing import Sheet, blend, box, data, disc, num, oval, path, placed, stroke
from marketplace.art.landscapes import cedar, landscape
from marketplace.art.places import DARK_WOOD, INK, SKIN, WOOD


def bath(seed: str) -> Sheet:
    """An open-air bath in the snow, steam, a tray on the water."""
    sheet = landscape(seed, "snow", water=False)
    w, h = sheet.width, sheet.height
    sheet.rect(0, h * 0.68, w, h * 0.32, "#eef4f8")
    for rx, ry, fill in ((0.4, 0.125, "#5f7078"), (0.37, 0.105, "#78cbc8"), (0.33, 0.085, "#a8e2de")):
        sheet.add(oval(w * 0.5, h * 0.845, w * rx, h * ry, fill))
    steam = "".join(
        data("M{} {}c-70 -70 70 -120 0 {}", w * x, h * 0.82, h * -sheet.chance.between(0.2, 0.3))
        for x in (0.37, 0.47, 0.57, 0.66)
    )
    for k in range(30):
        turn = 2 * pi * (k + 15) / 30
        if k == 15:
            sheet.add(stroke(steam, "#ffffff", 32, 0.55))
        x, y, s = w * 0.5 + cos(turn) * w * 0.395, h * 0.847 + sin(turn) * h * 0.125, sheet.chance.between(0.8, 1.3)
        rx, ry = w * 0.045 * s, h * 0.047 * s
        sheet.add(oval(x, y, rx, ry, blend("#59696f", "#8d9aa0", sheet.chance.between(0, 1))))
        cap = (x - rx * 0.9, y - ry * 0.3, rx * 0.9, -ry * 1.3, rx * 1.8, -rx * 0.9, -ry * 0.3, -rx * 1.8)
        sheet.add(
            path(
                data("M{} {}q{} {} {} 0q{} {} {} 0Z", *cap),
                "#ffffff",
                0.95,
            )
        )
    tray = [
        box(-76, -8, 152, 24, "#c98f54", 12),
        oval(-32, -18, 15, 24, "#fdf8ea"),
        box(-10, -30, 36, 24, "#ffffff", 5),
    ]
    sheet.add(
        placed(tray, w * 0.5, h * 0.86),
        cedar(w * 0.1, h * 0.8, 360, "#2f5c4c", snow=True),
        cedar(w * 0.92, h * 0.8, 300, "#2f5c4c", snow=True),
    )
    sheet.scatter(120, h, 2, 5)
    return sheet


def snow_work(seed: str) -> Sheet:
    """A snowman with a shovel before a house half under snow."""
    sheet = landscape(seed, "snow", water=False, peak=0.64)
    w, h = sheet.width, sheet.height
    sheet.ground(sheet.ridge(h * 0.74, h * 0.03, 0.4, 4), "#f7fbff")
    house = [
        box(-150, -150, 300, 190, "#9a6b42"),
        path("M-206 -146L-40 -268H40L206 -146Z", "#ffffff"),
        box(-100, -100, 76, 62, "#ffd988", 4),
        box(26, -100, 76, 62, "#ffd988", 4),
        path("M-240 60Q-150 -60 -60 20T120 0T260 60Z", "#ffffff"),
    ]
    sheet.add(placed(house, w * 0.68, h * 0.78), cedar(w * 0.93, h * 0.86, 360, "#2f5c4c", snow=True))
    man = [
        oval(0, 170, 190, 26, "#b9cbdb", 0.7),
        disc(0, 60, 116, "#ffffff"),
        disc(0, 60, 116, "#bcd2e6", 0.18),
        disc(0, -92, 80, "#ffffff"),
    ]
    man += [
        path("M-84 -30Q0 6 84 -30L78 -4Q0 26 -78 -4Z", "#c8402e"),
        path("M40 -8l34 10-6 84-34-10Z", "#c8402e"),
        disc(-28, -106, 9, INK),
        disc(28, -106, 9, INK),
        path("M0 -92L58 -80L0 -72Z", "#f08a32"),
        stroke("M-26 -58Q0 -40 26 -58", INK, 6),
    ]
    man += [
        box(-58, -204, 116, 60, "#2b6a8a", 12),
        box(-82, -154, 164, 20, "#2b6a8a", 8),
        disc(0, 46, 9, INK),
        disc(0, 92, 9, INK),
    ]
    man += [
        stroke("M100 30Q150 10 176 -30", DARK_WOOD, 12),
        stroke("M176 -190V150", WOOD, 13),
        path("M136 120H216V220Q176 240 136 220Z", "#d6483a"),
    ]
    sheet.add(placed(man, w * 0.3, h * 0.74))
    sheet.scatter(180, h, 2, 6)
    return sheet


def sauna(seed: str) -> Sheet:
    """A tent with a chimney by the water, steam going up to the stars."""
    sheet = landscape(seed, "night", peak=0.36, light_x=0.74, horizon=0.58)
    w, h = sheet.width, sheet.height
    sheet.add(
        path(f"M0 {num(h * 0.86)}Q{num(w * 0.5)} {num(h * 0.76)} {num(w)} {num(h * 0.84)}V{num(h)}H0Z", "#22382f")
    )
    tent = [
        stroke("M120 -190V-320", "#59626b", 22),
        stroke("M120 -346c-60 -60 60 -110 0 -180M150 -350c-40 -60 70 -90 20 -170", "#ffffff", 24, 0.35),
    ]
    tent += [
        path("M-250 60L-150 -200H150L250 60Z", "#d9a05b"),
        path("M-250 60L-150 -200H-60L-110 60Z", "#b87f40"),
        path("M-60 60L0 -140L60 60Z", "#ffdf9c"),
        path("M-60 60L0 -140L-14 60Z", "#fff1cc"),
        stroke("M-150 -200H150", "#8a5a2c", 10),
    ]
    sheet.add(placed(tent, w * 0.6, h * 0.86))
    fire = [
        stroke("M-50 20L50 4M-50 4L50 20", DARK_WOOD, 14),
        path("M-34 2Q-44 -50 0 -96Q-4 -60 20 -52Q40 -26 30 2Z", "#f07f2e"),
        path("M-14 2Q-18 -28 4 -52Q22 -20 14 2Z", "#ffd76b"),
    ]
    sheet.add(
        placed(fire, w * 0.26, h * 0.9),
        cedar(w * 0.9, h * 0.92, 380, "#173a2e"),
        cedar(w * 0.06, h * 0.94, 330, "#173a2e"),
    )
    return sheet


def fountain(seed: str) -> Sheet:
    """The great fountain of the lake, with its rainbow."""
    sheet = landscape(seed, "day", peak=0.3, light_x=0.16)
    w, h = sheet.width, sheet.height
    x, y = w * 0.62, h * 0.86
    for k, colour in enumerate(("#e8514a", "#f4a13c", "#f6df55", "#63b965", "#4f8fd8", "#8a63c4")):
        r = 470 - 17 * k
        sheet.add(stroke(f"M{num(x - r)} {num(y)}A{num(r)} {num(r)} 0 0 1 {num(x + r)} {num(y)}", colour, 17, 0.42))
    jets = "".join(
        f"M{num(x)} {num(y)}Q{num(x + spread * 0.5)} {num(y - tall)} {num(x + spread)} {num(y - 8)}"
        for spread, tall in ((-230, 620), (230, 620), (-130, 880), (130, 880), (-320, 400), (320, 400))
    )
    column = sheet.fade([(0, "#ffffff", 0.95), (1, "#d8f0fb", 0.7)])
    sheet.add(
        stroke(jets, "#ffffff", 13, 0.7),
        path(
            data("M{} {}q24 -380 34 -640q10 260 34 640Z", x - 34, y),
            column,
        ),
    )
    sheet.add(oval(x, y + 4, 370, 34, "#ffffff", 0.55), oval(x, y + 4, 230, 20, "#ffffff", 0.7))
    button = [
        box(-92, 40, 184, 90, "#4a5560", 14),
        oval(0, 44, 78, 26, "#2f3840"),
        oval(0, 34, 60, 20, "#b8322a"),
        oval(0, 26, 60, 20, "#e8514a"),
    ]
    sheet.add(placed(button, w * 0.15, h * 0.84))
    return sheet


def lift(seed: str) -> Sheet:
    """Chairs of a ski lift over trees in rime."""
    sheet = landscape(seed, "snow", water=False, peak=0.6)
    w, h = sheet.width, sheet.height
    sheet.shape([(0, h * 0.84), (w * 0.5, h * 0.74), (w, h * 0.52), (w, h), (0, h)], "#ffffff")
    for x, y, tall in ((0.12, 0.96, 260), (0.3, 0.9, 200), (0.84, 0.84, 260), (0.95, 0.9, 320), (0.6, 0.98, 240)):
        sheet.add(cedar(w * x, h * y, tall, "#c9dbe8", snow=True))
    cable = (h * 0.44, h * 0.16)
    sheet.add(stroke(f"M0 {num(cable[0])}L{num(w)} {num(cable[1])}", INK, 5))
    for x in (0.18, 0.46, 0.74):
        top = cable[0] + (cable[1] - cable[0]) * x
        chair = [
            stroke("M0 0V86M-52 86H52", INK, 7),
            box(-56, 128, 112, 18, "#c8402e", 8),
            stroke("M-52 86V132M52 86V132", INK, 7),
            disc(-18, 84, 20, SKIN),
            path("M-42 132Q-42 102 -18 102T6 132Z", "#2b6a8a"),
            disc(-18, 72, 16, "#f0b53e"),
        ]
        sheet.add(placed(chair, w * x, top))
    sheet.add(
        stroke(
            f"M{num(w * 0.34)} {num(h * 0.3)}V{num(h * 0.92)}M{num(w * 0.3)} {num(h * 0.35)}H{num(w * 0.38)}",
            "#6d7a84",
            16,
        )
    )
    sheet.scatter(120, h, 2, 5)
    return sheet


def pool(seed: str) -> Sheet:
    """A jump into the town's pool: lanes, a ball, a splash."""
    sheet = landscape(seed, "day", water=False, peak=0.66, horizon=0.5)
    w, h = sheet.width, sheet.height
    sheet.rect(0, h * 0.58, w, h * 0.42, "#efe6d2")
    sheet.shape([(w * 0.1, h * 0.64), (w * 0.9, h * 0.64), (w * 1.04, h), (-w * 0.04, h)], "#ffffff")
    water = sheet.fade([(0, "#6fd3ee"), (1, "#1f9bd0")])
    sheet.shape([(w * 0.13, h * 0.67), (w * 0.87, h * 0.67), (w * 0.99, h), (w * 0.01, h)], water)
    for k in range(1, 4):
        top, low = w * (0.13 + 0.185 * k), w * (0.01 + 0.245 * k)
        sheet.add(stroke(data("M{} {}L{} {}", top, h * 0.675, low, h), "#ffffff", 9, 0.75))
    x, y = w * 0.44, h * 0.84
    sheet.add(oval(x, y, 190, 34, "#ffffff", 0.75))
    for k in range(17):
        turn = pi * (0.08 + 0.84 * k / 16)
        far = sheet.chance.between(120, 330)
        drop_x, drop_y = x + cos(turn) * far, y - sin(turn) * far * 0.95
        sheet.add(stroke(data("M{} {}L{} {}", x + cos(turn) * 50, y - 20, drop_x, drop_y), "#ffffff", 12, 0.55))
        sheet.disc(drop_x, drop_y, sheet.chance.between(9, 22), "#ffffff", 0.9)
    ball = [disc(0, 0, 52, "#ffffff"), path("M0 -52A52 52 0 0 1 45 26L0 0Z", "#e8514a")]
    ball += [path("M-45 26A52 52 0 0 1 0 -52L0 0Z", "#3f8fd8"), oval(0, 56, 54, 9, "#0d6f9e", 0.35)]
    sheet.add(placed(ball, w * 0.76, h * 0.83))
    return sheet
