"""What a token looks like: a trading card or a resident card, each with its own number."""

from __future__ import annotations

from math import cos, pi, sin

from marketplace.art.drawing import Chance, Sheet, blend, box, disc, line, num, path, placed, stroke
from marketplace.art.figures import FACES, FIGURES
from marketplace.art.landscapes import landscape
from marketplace.art.numerals import digits, digits_width
from marketplace.art.worlds import world

FOIL = [(0.0, "#fff3bf"), (0.25, "#ffc4e4"), (0.5, "#bfe4ff"), (0.75, "#d0ffd6"), (1.0, "#fff3bf")]
SEASONS = ("dawn", "day", "autumn", "snow", "dusk", "night")


def trading_card(name: str, seed: str, serial: int, total: int) -> Sheet:
    """5:7. A frame by rarity (foil from four stars), the character, three gifts as bars, the number.

    Rarity and gifts belong to the series and are the same for every serial: no card is a lottery ticket.
    """
    w, h = 900.0, 1260.0
    series, sheet = Chance(f"card {name} {seed}"), Sheet(w, h, f"card {name} {seed} {serial}")
    figure, rarity = FIGURES[name], 5 if total == 1 else series.whole(2, 4)
    gifts = [series.whole(2, 5) for _ in range(3)]
    deep, pale = blend(figure.accent, "#000000", 0.35), blend(figure.accent, "#ffffff", 0.35)
    sheet.rect(0, 0, w, h, sheet.fade(FOIL if rarity >= 4 else [(0, pale), (0.5, figure.accent), (1, deep)], 1, 1), 56)
    sheet.rect(22, 22, w - 44, h - 44, "#fffdf7", 40)
    window = '<rect x="56" y="150" width="788" height="760" rx="28"'
    sheet.add(f'<g clip-path="{sheet.clip(window + "/>")}">')
    world(sheet, figure, 56, 150, 788, 760)
    for _ in range(26):
        x, y = sheet.chance.between(70, 830), sheet.chance.between(170, 700)
        sheet.disc(x, y, sheet.chance.between(3, 9), "#ffffff", sheet.chance.between(0.5, 0.95))
    sheet.add(placed([figure.draw(sheet.chance.one_of(FACES))], 450, 548, 2.05), "</g>")
    sheet.add(f'{window} fill="none" stroke="{blend(figure.accent, "#000000", 0.25)}" stroke-width="5"/>')
    for i in range(5):
        sheet.add(path(star(100 + i * 54, 92, 24), "#f0ae12" if i < rarity else "#e5e0d4"))
    sheet.add(disc(w - 104, 88, 40, figure.pale), emblem(w - 104, 88, 0.36, figure.ink, figure.accent))
    signs = (
        path("M0 9C-22 -8 -8 -20 0 -9C8 -20 22 -8 0 9Z", "#ffffff"),
        disc(0, -3, 9, "#ffffff"),
        path("M-13 9L-3 -10L3 -2L7 -7L14 9Z", "#ffffff"),
    )
    for row, value in enumerate(gifts):
        y = 962 + row * 66
        sheet.add(disc(94, y + 14, 24, figure.accent), placed([signs[row]], 94, y + 14))
        for i in range(5):
            sheet.rect(140 + i * 76, y, 64, 28, figure.accent if i < value else "#ece7db", 14)
    text = f"{serial}/{total}"
    sheet.add(digits(text, w - 76 - digits_width(text, 46), 1136, 46, figure.ink, 7))
    sheet.rect(76, 1168, 300, 8, blend(figure.accent, "#ffffff", 0.5), 4)
    return sheet


def resident_card(seed: str, serial: int, total: int) -> Sheet:
    """The size of a bank card (85.6 : 54). Each serial has its own sky; the number stands large on a dark foot."""
    w, h = 1200.0, 757.0
    mood = SEASONS[serial % len(SEASONS)]
    sheet = landscape(f"{seed} {serial}", mood, width=w, height=h, horizon=0.56)
    return named_card(sheet, serial, total)


def named_card(sheet: Sheet, serial: int, total: int) -> Sheet:
    """The view with what makes it a card: the town's mark, the number, the chip."""
    w, h = sheet.width, sheet.height
    sheet.rect(0, 0, w, h * 0.26, sheet.fade([(0, "#04182a", 0.72), (1, "#04182a", 0)]))
    sheet.rect(0, h * 0.5, w, h * 0.5, sheet.fade([(0, "#04182a", 0), (0.5, "#04182a", 0.72), (1, "#04182a", 0.88)]))
    sheet.add(disc(104, 96, 52, "#ffffff"), emblem(104, 96, 0.46, "#115a36", "#259d63"))
    sheet.add(stroke("M186 82H560M186 116H420", "#ffffff", 12, 0.85))
    number = f"#{serial:0{len(str(total))}d}"
    sheet.add(digits(number, 76, h - 176, 92, "#ffffff", 7))
    of = f"/{total}"
    sheet.add(digits(of, 76 + digits_width(number, 92) + 40, h - 128, 44, "#ffffff", 6))
    chip = [box(-64, -48, 128, 96, "#e9c86a", 14), stroke("M-64 -14H-20M-64 16H-20M20 -14H64M20 16H64", "#a98324", 5)]
    chip.append(stroke("M-20 -48V48M20 -48V48", "#a98324", 5))
    sheet.add(placed(chip, w - 150, h - 132))
    return sheet


def numbered(sheet: Sheet, serial: int, total: int) -> Sheet:
    """A scene with the token's number on a small plate."""
    text = f"#{serial}" if total == 1 else f"#{serial}/{total}"
    wide = digits_width(text, 46)
    x, y = sheet.width - wide - 92, sheet.height - 122
    sheet.rect(x, y, wide + 56, 86, "#fffdf7", 20, 0.94)
    sheet.add(digits(text, x + 28, y + 20, 46, "#22364a", 6))
    return sheet


def framed(sheet: Sheet, serial: int, total: int) -> Sheet:
    """The brushed ridge in a double frame of the town's green."""
    for inset, width in ((22, 10), (42, 3)):
        w, h = num(sheet.width - 2 * inset), num(sheet.height - 2 * inset)
        edge = f'x="{inset}" y="{inset}" width="{w}" height="{h}" rx="14" stroke="#115a36" stroke-width="{width}"'
        sheet.add(f'<rect {edge} fill="none"/>')
    return numbered(sheet, serial, total)


def star(x: float, y: float, r: float) -> str:
    points = []
    for i in range(10):
        turn, far = pi * (i / 5 - 0.5), r if i % 2 == 0 else r * 0.45
        points.append((x + cos(turn) * far, y + sin(turn) * far))
    return line(points, True)


def emblem(x: float, y: float, scale: float, dark: str, bright: str) -> str:
    """The town's mark: mountain, moon and two waves (static/img/emblem.svg), without its ring."""
    marks = [
        disc(38, -46, 18, "#f2c230"),
        path("M-74 26Q-36 -12 -22 -36Q-8 -58 8 -38Q28 -8 74 26Z", dark),
        path("M-33 -20Q-26 -30 -22 -36Q-8 -58 8 -38Q13 -30 19 -22L6 -8L-4 -22L-17 -6Z", "#ffffff"),
        stroke("M-68 44Q-42 31 -16 44T36 44T68 42M-52 64Q-28 53 -4 64T46 63", bright, 9),
    ]
    return placed(marks, x, y, scale)
