"""The comic that explains a right in half a minute: four panels without a word; the words stand beside them as text."""

from __future__ import annotations

from marketplace.art.cards import emblem
from marketplace.art.drawing import Sheet, box, disc, oval, path, placed, stroke
from marketplace.art.figures import drop
from marketplace.art.numerals import digits

WIDTH, HEIGHT = 400, 300
SKIN, INK, PAPER, GREEN = "#f2c9a0", "#3a2a22", "#fffdf5", "#115a36"


def panels() -> list[Sheet]:
    return [_made(), _bought(), _shown(), _given()]


def _made() -> Sheet:
    """The town hall hands out a card with a number."""
    sheet = _stage("#dff1ee", "#8fca8a")
    hall = [box(-90, -100, 180, 120, "#f4ead6", 4), path("M-104 -100H104L78 -132H-78Z", "#7b5233")]
    hall += [box(x, -76, 28, 32, "#9cc9d8", 3) for x in (-74, -32, 4, 46)]
    hall += [box(-18, -28, 36, 48, "#7b5233", 3), emblem(0, -116, 0.13, GREEN, "#e7f3ea")]
    sheet.add(placed(hall, 118, 214))
    sheet.add(placed(_card(1), 296, 140, 1.1, 6))
    sheet.add(placed([drop("smile")], 222, 208, 0.42))
    return sheet


def _bought() -> Sheet:
    """A telephone, a mail, a tick: that is all it takes."""
    sheet = _stage("#fdf1d9", "#e9c98f")
    phone = [box(-62, -112, 124, 224, "#22364a", 18), box(-52, -94, 104, 180, PAPER, 6), disc(0, 99, 7, "#8fa3b5")]
    phone += [placed(_card(1), 0, -42, 0.56), box(-40, 30, 80, 32, GREEN, 8), stroke("M-12 46l9 9 17-18", "#fff", 6)]
    sheet.add(placed(phone, 150, 152))
    letter = [box(-58, -40, 116, 80, "#fff", 8), stroke("M-54 -34L0 8L54 -34", "#8fa3b5", 5)]
    sheet.add(placed([*letter, disc(52, -36, 15, "#c8402e")], 290, 120, 1, 5))
    sheet.add(placed([drop("wink")], 292, 222, 0.46))
    return sheet


def _shown() -> Sheet:
    """At the counter of the bath the screen is shown, and that is enough."""
    sheet = _stage("#e3ecf6", "#b98a5a")
    curtain = [box(-150, -8, 300, 12, "#7b5233", 4)]
    curtain += [path(f"M{x} 4H{x + 68}V64Q{x + 34} 74 {x} 64Z", "#1f4e79") for x in (-146, -72, 4, 78)]
    steam = "M-22 18q-10 -14 0 -26M0 14q-10 -16 0 -32M22 18q-10 -14 0 -26"
    curtain += [placed([stroke("M-36 26q36 34 72 0", "#fff", 6), stroke(steam, "#fff", 5)], 0, 28, 0.7)]
    sheet.add(placed(curtain, 200, 30))
    sheet.add(placed(_person("#c8402e", "#3a2a22"), 112, 196), placed(_person(GREEN, "#8d8d8d"), 292, 196))
    sheet.add(box(0, 226, WIDTH, 74, "#8f5d34"), box(0, 218, WIDTH, 14, "#c48a55", 3))
    screen = [box(-19, -33, 38, 66, "#22364a", 7), box(-14, -26, 28, 50, "#fff", 3)]
    screen += [box(x, y, 6, 6, INK) for x, y in ((-9, -20), (3, -20), (-9, -8), (-3, -14), (3, -2), (-9, 4), (3, 10))]
    sheet.add(placed(screen, 176, 184, 1, 8), stroke("M132 206Q152 206 164 196", SKIN, 14))
    sheet.add(placed([disc(0, 0, 22, GREEN), stroke("M-10 0l7 8 13-15", "#fff", 6)], 236, 150))
    return sheet


def _given() -> Sheet:
    """Somebody who does not need it any more gives it to a friend."""
    sheet = _stage("#f3e6f2", "#a8cf8e")
    sheet.add(path("M40 234Q130 160 168 112Q198 72 232 112Q276 166 360 234Z", "#b9cbe3"))
    sheet.add(path("M146 140Q158 126 168 112Q198 72 232 112Q240 122 252 138L232 128 214 142 198 124 178 142Z", "#fff"))
    sheet.add(placed(_person("#6a4fa3", "#3a2a22"), 88, 226), placed(_person("#d9822b", "#5a381c"), 312, 226))
    sheet.add(stroke("M122 228Q148 222 160 206M278 228Q252 222 240 206", SKIN, 14))
    sheet.add(placed(_card(1), 200, 184, 0.62))
    sheet.add(stroke("M158 128Q200 98 242 128M242 128l-4 -17M242 128l-17 -2", GREEN, 6))
    return sheet


def _stage(sky: str, floor: str) -> Sheet:
    sheet = Sheet(WIDTH, HEIGHT, "comic")
    sheet.rect(0, 0, WIDTH, HEIGHT, sky)
    sheet.rect(0, 234, WIDTH, 66, floor)
    return sheet


def _card(number: int) -> list[str]:
    """A resident's card around the origin, 130 wide."""
    card = [box(-65, -42, 130, 84, "#fff", 10), box(-60, -37, 120, 74, "#2f6f9f", 7)]
    card += [path("M-60 30L-16 -16 2 2 20 -12 60 30V30H-60Z", "#dfeef7"), box(-60, 22, 120, 15, GREEN)]
    return [*card, disc(38, -20, 9, "#ffe08a"), digits(f"{number:03}", -52, -30, 17, "#ffffff", 7)]


def _person(coat: str, hair: str) -> list[str]:
    """From the waist up, 90 wide, the neck at the origin."""
    return [
        oval(0, 46, 46, 62, coat),
        disc(0, -34, 31, SKIN),
        path("M-33 -36Q-36 -70 0 -70T33 -36Q24 -54 0 -53T-33 -36Z", hair),
        disc(-11, -34, 3.5, INK),
        disc(11, -34, 3.5, INK),
        stroke("M-9 -21Q0 -12 9 -21", INK, 3),
    ]
