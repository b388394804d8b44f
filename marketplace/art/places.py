"""Places of the town, each in front of the mountain: what a right is about, seen at a glance."""

from __future__ import annotations

from math import cos, pi, sin

from marketplace.art.drawing import Sheet, blend, box, data, disc, line, num, oval, path, placed, stroke
from marketplace.art.landscapes import HEIGHT, WIDTH, cedar, landscape

WOOD, DARK_WOOD, SKIN, INK = "#8a5a32", "#6b4423", "#f1c9a5", "#2b3440"


def village(seed: str) -> Sheet:
    """Roofs under snow, lit windows, cedars, a big moon."""
    sheet = landscape(seed, "night", water=False, horizon=0.66)
    w, h = sheet.width, sheet.height
    sheet.ground(sheet.ridge(h * 0.8, h * 0.03, 0.4, 4), "#dbe6f3")
    for i in range(6):
        x, s = w * (0.12 + 0.145 * i) + sheet.chance.between(-30, 30), sheet.chance.between(0.8, 1.25)
        y = h * (0.87 + 0.025 * (i % 2))
        house = [
            box(-70, -60, 140, 70, blend("#5d4637", "#20273a", 0.3)),
            path(line([(-92, -58), (-14, -128), (14, -128), (92, -58)], True), "#f7fbff"),
            box(-44, -36, 32, 30, "#ffd27a", 3),
            box(14, -36, 32, 30, "#ffd27a" if i % 2 else "#8fa3c2", 3),
        ]
        sheet.add(placed(house, x, y, s))
    for x, tall in ((0.03, 330), (0.2, 240), (0.47, 210), (0.73, 250), (0.95, 350)):
        sheet.add(cedar(w * x, h * 0.97, tall, "#24493f", snow=True))
    sheet.scatter(150, h, 1.5, 4.5)
    return sheet


def desk(seed: str) -> Sheet:
    """A cedar desk before the morning lake: cup, notebook, lamp."""
    sheet = landscape(seed, "dawn", peak=0.6, light_x=0.24, horizon=0.56)
    w, h = sheet.width, sheet.height
    for x in (0, w * 0.5 - 9, w - 18):
        sheet.rect(x, 0, 18, h * 0.78, "#7b5233")
    sheet.rect(0, 0, w, 18, "#7b5233")
    sheet.rect(0, h * 0.76, w, h * 0.24, sheet.fade([(0, "#c48a55"), (1, "#8f5d34")]))
    sheet.rect(0, h * 0.76, w, 12, "#dca974")
    screen = [box(-170, -200, 340, 214, "#2c3540", 14), box(-156, -187, 312, 186, "#dff1ee", 6)]
    hills = "M-156 -60Q-80 -130 -20 -70T156 -110V-1H-156Z"
    screen += [path(hills, "#7fc0a6"), path("M-200 14H200L222 34H-222Z", "#3c4754")]
    sheet.add(placed(screen, w * 0.36, h * 0.86))
    cup = [oval(0, 46, 78, 12, "#5a381c", 0.35), box(-46, -34, 92, 80, "#fdf8ea", 20)]
    cup += [stroke("M46 -12q40 0 34 26t-36 18", "#fdf8ea", 13), oval(0, -34, 46, 11, "#6d4a2c")]
    cup += [stroke("M-14 -56q-14 -24 0 -42t0 -40M14 -56q-14 -24 0 -42t0 -40", "#fff", 6, 0.7)]
    sheet.add(placed(cup, w * 0.68, h * 0.87))
    return sheet


def seasons(seed: str) -> Sheet:
    """The same view in four strips: spring, summer, autumn, winter."""
    sheet = Sheet(WIDTH, HEIGHT, f"seasons {seed}")
    strip = WIDTH / 4
    looks = (
        ("#f9d5df", "#fff6f2", "#f3a9bf", "#8fbf6a"),
        ("#6bc0ec", "#e7f7f2", "#2f8f5b", "#2f8f5b"),
        ("#f4c382", "#fff3da", "#d9652b", "#a64a1e"),
        ("#9fbcd6", "#f2f7fb", "#ffffff", "#dfeaf3"),
    )
    silhouette = sheet.ridge(HEIGHT * 0.6, 26, 0.5, 4)
    for i, (sky, low, leaf, field) in enumerate(looks):
        x = strip * i
        window = sheet.clip(f'<rect x="{num(x)}" y="0" width="{num(strip)}" height="{num(HEIGHT)}"/>')
        parts = [box(x, 0, strip, HEIGHT, sheet.fade([(0, sky), (1, low)]))]
        peak = [(x + strip * t / 20, HEIGHT * (0.66 - 0.36 * sin(pi * t / 20) ** 1.4)) for t in range(21)]
        parts.append(path(line([*peak, (x + strip, HEIGHT), (x, HEIGHT)], True), blend("#7d8fb0", sky, 0.35)))
        cap = [p for p in peak if p[1] < HEIGHT * 0.42]
        edge = [(px, HEIGHT * (0.43 + (0.05 if k % 2 else 0))) for k, (px, _) in enumerate(reversed(cap))]
        parts.append(path(line([*cap, *edge], True), "#ffffff", 0.95))
        parts.append(path(line([*silhouette, (WIDTH, HEIGHT), (0, HEIGHT)], True), blend(field, "#274a3a", 0.25)))
        parts.append(
            path(line([(px, py + 110) for px, py in silhouette] + [(WIDTH, HEIGHT), (0, HEIGHT)], True), field)
        )
        parts.append(_round_tree(sheet, x + strip / 2, HEIGHT * 0.92, 1.5, leaf, bare=i == 3))
        sheet.add(f'<g clip-path="{window}">{"".join(parts)}</g>')
    for i in range(1, 4):
        sheet.rect(strip * i - 4, 0, 8, HEIGHT, "#ffffff", opacity=0.9)
    return sheet


def _round_tree(sheet: Sheet, x: float, foot: float, s: float, leaf: str, bare: bool = False) -> str:
    parts = [oval(x, foot, 80 * s, 12 * s, "#15301c", 0.22)]
    trunk = [(x - 11 * s, foot), (x - 6 * s, foot - 130 * s), (x + 6 * s, foot - 130 * s), (x + 11 * s, foot)]
    parts.append(path(line(trunk, True), DARK_WOOD))
    if bare:
        twigs = "".join(
            f"M{num(x)} {num(foot - (90 + 14 * k) * s)}l{num((-1) ** k * 62 * s)} {num(-58 * s)}" for k in range(6)
        )
        return "".join(parts) + stroke(twigs, DARK_WOOD, 8 * s) + stroke(twigs, "#ffffff", 4 * s, 0.8)
    for k in range(13):
        turn, far = 2 * pi * k / 13, sheet.chance.between(18, 62) * s
        cx, cy = x + cos(turn) * far, foot - 180 * s + sin(turn) * far * 0.85
        parts.append(
            disc(cx, cy, sheet.chance.between(30, 48) * s, blend(leaf, "#ffffff", sheet.chance.between(0, 0.25)))
        )
    return "".join(parts)


def park(seed: str) -> Sheet:
    """A path, cherry trees, a spring with a small bird, and a board that waits for a name."""
    sheet = landscape(seed, "day", water=False, peak=0.62)
    w, h = sheet.width, sheet.height
    sheet.add(
        path(
            data("M0 {}Q{} {} {} {}T{} {}V{}H0Z", h * 0.7, w * 0.3, h * 0.62, w * 0.6, h * 0.69, w, h * 0.66, h),
            sheet.fade([(0, "#a8d163"), (1, "#4f8f34")]),
        )
    )
    sheet.add(
        path(
            data("M{} {}c0 -126 240 -162 192 -270h26c144 108 48 180 96 270Z", w * 0.4, h),
            "#f2e3c0",
        )
    )
    for x, y, s, leaf in (
        (0.06, 0.77, 1.0, "#4b9a4d"),
        (0.93, 0.75, 0.9, "#4b9a4d"),
        (0.22, 0.76, 0.9, "#f6b9cb"),
        (0.78, 0.74, 0.7, "#f6b9cb"),
    ):
        sheet.add(_round_tree(sheet, w * x, h * y, s, leaf))
    spring = [oval(0, 30, 150, 44, "#8d9aa0"), oval(0, 26, 124, 32, "#7cc9dc"), oval(-20, 22, 66, 12, "#c9eef5", 0.9)]
    spring += [stroke("M60 -52q34 8 22 72", "#bfe9f4", 12), box(36, -74, 44, 30, "#74838a", 8)]
    bird = [oval(0, 0, 22, 17, "#5b86b8"), disc(16, -14, 12, "#5b86b8"), path("M26 -14l14 4-13 5Z", "#f0b23c")]
    bird += [disc(19, -17, 2.6, "#111"), path("M-16 -4l-26 -14 6 22Z", "#42699b"), oval(4, 6, 13, 9, "#fdf1e2")]
    sheet.add(placed(spring, w * 0.22, h * 0.92), placed(bird, w * 0.22 + 58, h * 0.92 - 92))
    sheet.add(placed(board(), w * 0.8, h * 0.84))
    petals = "".join(
        f"M{num(sheet.chance.between(0, w))} {num(sheet.chance.between(h * 0.3, h))}q6 -5 11 0q-5 6 -11 0"
        for _ in range(60)
    )
    sheet.add(path(petals, "#ffc6d5", 0.9))
    return sheet


def board() -> list[str]:
    """A wooden board with a blank line to write on: the picture must not read in any one language."""
    return [
        box(-74, 0, 16, 112, DARK_WOOD), box(58, 0, 16, 112, DARK_WOOD),
        box(-120, -92, 240, 104, WOOD, 12), box(-108, -80, 216, 80, "#fdf8ea", 8),
        stroke("M-78 -50H50M-78 -26H78", "#c9b48f", 8), path("M66 -62l12 -12 10 10 -12 12 -14 4Z", "#c8402e"),
    ]  # fmt: skip


def canoe(seed: str) -> Sheet:
    """Two people paddle a red canoe across the lake."""
    sheet = landscape(seed, "autumn", peak=0.55)
    boat = [
        oval(0, 44, 274, 15, "#0a2436", 0.28),
        path("M-272 -16Q-252 42 -150 46H150Q252 42 272 -16Q190 12 0 12T-272 -16Z", "#c8402e"),
        path("M-272 -16Q-190 12 0 12T272 -16Q198 26 0 26T-272 -16Z", "#8e2a1d"),
        stroke("M-232 22Q0 40 232 22", "#ffd9a0", 5, 0.9),
    ]
    for x, coat, hat in ((-82, "#f0b53e", "#22364a"), (92, "#2a9d8f", "#e76f51")):
        person = [
            path("M-30 16L-20 -56Q0 -82 20 -56L30 16Z", coat),
            disc(0, -90, 21, SKIN),
            path("M-24 -92Q-22 -120 0 -120T24 -92Q0 -104 -24 -92Z", hat),
            stroke("M6 -44L44 -24", coat, 15),
            stroke("M26 -96L66 54", DARK_WOOD, 7),
            path("M58 34l16 44-17 4Z", DARK_WOOD),
        ]
        boat.append(placed(person, x, 0))
    sheet.add(placed(boat, sheet.width * 0.5, sheet.height * 0.86))
    return sheet


def deck(seed: str) -> Sheet:
    """A wooden deck at dusk, two chairs, the view."""
    sheet = landscape(seed, "dusk", peak=0.5, light_x=0.3)
    w, h = sheet.width, sheet.height
    floor = [(0, h * 0.86), (w, h * 0.86), (w, h), (0, h)]
    sheet.shape(floor, sheet.fade([(0, "#7a4d2e"), (1, "#4d2f1b")]))
    sheet.add(
        stroke(
            "".join(
                f"M{num(w * k / 9)} {num(h * 0.86)}L{num(w / 2 + (w * k / 9 - w / 2) * 1.5)} {num(h)}"
                for k in range(10)
            ),
            "#3b2414",
            4,
        )
    )
    rails = "".join(f"M{num(w * k / 16)} {num(h * 0.74)}V{num(h * 0.87)}" for k in range(17))
    sheet.add(stroke(rails, "#5c3a22", 10), stroke(f"M0 {num(h * 0.74)}H{num(w)}", "#8a5a32", 18))
    for x, lean in ((0.34, 1), (0.5, -1)):
        chair = [
            stroke("M-40 60L-28 -6H34L48 60M34 -6L52 -92", "#2b1a10", 11),
            path("M-34 -14H40V2H-34Z", "#c8402e"),
            path("M34 -10L52 -96l14 4L46 -4Z", "#c8402e"),
        ]
        sheet.add(f'<g transform="translate({num(w * x)} {num(h * 0.9)}) scale({lean} 1)">{"".join(chair)}</g>')
    return sheet


def bus_stop(seed: str) -> Sheet:
    """A round sign and a shelter in the snow."""
    sheet = landscape(seed, "snow", water=False, peak=0.38)
    w, h = sheet.width, sheet.height
    sheet.ground(sheet.ridge(h * 0.78, h * 0.02, 0.4, 4), "#ffffff")
    sheet.add(path(f"M0 {num(h * 0.93)}Q{num(w * 0.5)} {num(h * 0.85)} {num(w)} {num(h * 0.9)}V{num(h)}H0Z", "#cfdbe5"))
    shelter = [
        box(-190, -210, 380, 250, "#a9764a", 6),
        box(-166, -150, 332, 150, "#5d4630"),
        box(-150, -40, 300, 20, WOOD),
        box(-130, -22, 18, 50, WOOD),
        box(112, -22, 18, 50, WOOD),
    ]
    shelter += [
        path("M-232 -206L-190 -262H190L232 -206Z", "#46586a"),
        path("M-236 -216Q-200 -296 0 -288T236 -216Q120 -236 0 -228T-236 -216Z", "#ffffff"),
    ]
    sheet.add(placed(shelter, w * 0.62, h * 0.84))
    sign = [box(-7, -10, 14, 250, "#6d7a84"), disc(0, -60, 62, "#c8402e"), disc(0, -60, 50, "#ffffff")]
    sign += [
        box(-26, -84, 52, 40, "#2f6fb0", 8),
        box(-20, -78, 40, 18, "#dff0fb", 3),
        disc(-14, -42, 7, INK),
        disc(14, -42, 7, INK),
        box(-50, 26, 100, 60, "#fdf8ea", 6),
        stroke("M-36 46H36M-36 64H14", "#c9b48f", 6),
    ]
    sign += [path("M-64 -84Q-30 -140 0 -136T64 -84Q30 -104 0 -102T-64 -84Z", "#ffffff")]
    sheet.add(
        placed(sign, w * 0.28, h * 0.7),
        cedar(w * 0.94, h * 0.9, 330, "#2f5c4c", snow=True),
        cedar(w * 0.05, h * 0.9, 280, "#2f5c4c", snow=True),
    )
    sheet.scatter(170, h, 2, 6)
    return sheet
