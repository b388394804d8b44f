"""Mountain vegetables with faces, a moon rabbit and a drop of spring water: the town's characters.

Each is drawn around the origin, about 300 units high, and standing on y = 150.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin

from marketplace.art.drawing import blend, data, disc, num, oval, path, placed, stroke

FACES = ("smile", "wink", "open", "sleepy")


def face(y: float, size: float, look: str, blush: str = "#f28b82") -> str:
    """Eyes, cheeks and mouth in the middle, at height y."""
    ink, gap = "#3a2a22", size * 0.34
    parts = []
    for side in (-1, 1):
        x = side * gap
        closed = look == "sleepy" or (look == "wink" and side == 1)
        if closed:
            bend = size * (0.1 if look == "sleepy" else -0.12)
            parts.append(
                stroke(
                    f"M{num(x - size * 0.1)} {num(y)}q{num(size * 0.1)} {num(bend)} {num(size * 0.2)} 0",
                    ink,
                    size * 0.055,
                )
            )
        else:
            parts += [
                oval(x, y, size * 0.085, size * 0.12, ink),
                disc(x + size * 0.03, y - size * 0.05, size * 0.035, "#fff"),
            ]
        parts.append(oval(side * size * 0.55, y + size * 0.18, size * 0.12, size * 0.075, blush, 0.7))
    wide = f"M{num(-size * 0.14)} {num(y + size * 0.14)}q{num(size * 0.14)}"
    if look == "open":
        parts.append(path(f"{wide} {num(size * 0.32)} {num(size * 0.28)} 0Z", "#a8433a"))
    else:
        parts.append(stroke(f"{wide} {num(size * 0.17)} {num(size * 0.28)} 0", ink, size * 0.055))
    return "".join(parts)


def _limbs(colour: str, width: float = 17, legs: float = 95, arms: float = 90) -> str:
    legs_path = f"M-32 {num(legs)}V132M32 {num(legs)}V132"
    arms_path = f"M{num(-arms)} 30Q-128 26 -132 -16M{num(arms)} 30Q130 36 136 -4"
    return oval(0, 140, 100, 16, "#000000", 0.15) + stroke(legs_path + arms_path, colour, width)


def butterbur(look: str, gold: bool = False) -> str:
    """ふきのとう: leaves folded around a head of small flowers."""
    deep, leaf, pale = ("#c8962a", "#e6bd4f", "#f8e08e") if gold else ("#6d9e34", "#8bbd49", "#bbdd78")
    parts = [_limbs(deep)]
    for lean, shade in ((-58, 0.0), (58, 0.0), (-34, 0.35), (34, 0.35), (-12, 0.7), (12, 0.7)):
        blade = path("M0 0C-60 -34 -46 -112 0 -138C46 -112 60 -34 0 0Z", blend(deep, leaf, shade + 0.2))
        parts.append(placed([blade, stroke("M0 -20V-120", "#ffffff", 3, 0.3)], 0, 58, 1, lean))
    parts += [oval(0, 34, 98, 86, pale), path("M-98 34A98 86 0 0 0 98 34Q0 92 -98 34Z", leaf, 0.55)]
    for i in range(9):
        turn = pi * (1.08 + 0.105 * i)
        x, y = cos(turn) * 54, -14 + sin(turn) * 34
        parts += [disc(x, y, 13, "#fff6d6"), disc(x, y, 5.5, "#f0c24a")]
    return "".join(parts) + face(40, 96, look)


def fiddlehead(look: str) -> str:
    """こごみ: a young fern rolled up like a snail's house."""
    parts = [_limbs("#4d8f3a")]
    for i in range(22):
        lean = 360 * i / 22
        frond = oval(0, 0, 27, 11, "#2f6b2c" if i % 2 else "#418338")
        parts.append(f'<g transform="rotate({num(lean)}) translate(110 0) rotate(30)">{frond}</g>')
    parts += [disc(0, 0, 104, "#5fa348")]
    spiral: list[str] = []
    for i in range(60):
        turn, r = pi / 2 - i / 59 * 13.2, 102 - 84 * i / 59
        spiral.append(f"{num(cos(turn) * r)} {num(sin(turn) * r)}")
    parts += [stroke("M" + "L".join(spiral), "#3d7f35", 9, 0.55), disc(0, 14, 75, "#8fca6d")]
    return "".join(parts) + face(14, 86, look)


def bamboo(look: str) -> str:
    """ねまがり竹の子: a shoot in its sheaths, strong as a wrestler, with a belt."""
    body = "M0 -150C50 -90 84 8 80 78C76 116 40 124 0 124S-76 116 -80 78C-84 8 -50 -90 0 -150Z"
    parts = [_limbs("#b07a43", 18, 100, 70), path(body, "#dfb578")]
    for k in range(5):
        y, wide = -118 + 34 * k, 26 + 12 * k
        tip = (-1) ** k * wide * 0.3
        sheath = data("M{} 26Q{} 14 {} -26Q{} 0 {} 26Q0 44 {} 26Z", -wide, tip, tip, wide * 0.6, wide, -wide)
        parts.append(placed([path(sheath, blend("#7a4a24", "#c89356", k / 5), 0.9)], 0, y))
    parts += [
        oval(0, 50, 62, 50, "#f6ddb4"),
        path("M-74 96Q0 128 74 96L68 116Q0 140 -68 116Z", "#7b3fa0"),
        path("M0 -150q-16 -22 -34 -20q10 16 34 20q12 -26 32 -28q-4 20 -32 28Z", "#7fae3c"),
    ]
    return "".join(parts) + face(46, 78, look)


def drop(look: str) -> str:
    """A drop of the town's spring water."""
    parts = [_limbs("#57b8ff", 15, 110)]
    parts.append(path("M0 -140C50 -62 100 -22 100 38A100 92 0 0 1 -100 38C-100 -22 -50 -62 0 -140Z", "#82d2ff"))
    parts.append(path("M62 -44C88 -12 100 8 100 38A100 92 0 0 1 -60 112C30 116 84 60 62 -44Z", "#39abff", 0.5))
    parts.append(stroke("M-55 -18Q-42 -58 -18 -84", "#ffffff", 13, 0.85))
    return "".join(parts) + face(34, 94, look)


def rabbit(look: str) -> str:
    """つきみん: a rabbit who came down from the moon to see the mountain."""
    parts = [_limbs("#f3ece2", 20, 100, 84)]
    for side in (-1, 1):
        ear = [oval(0, 0, 27, 78, "#fbf7f0"), oval(0, 8, 14, 56, "#f6c3c6")]
        parts.append(placed(ear, side * 44, -120, 1, side * 10))
    parts += [oval(0, 30, 100, 92, "#fbf7f0"), path("M-96 54Q0 150 96 54Q60 118 0 122T-96 54Z", "#e7dccb", 0.6)]
    parts += [
        path("M-84 86Q0 120 84 86L78 106Q0 138 -78 106Z", "#d64f4a"),
        disc(0, 112, 17, "#f2c230"),
        path("M8 100a15 15 0 1 0 4 22a12 12 0 1 1 -4 -22Z", "#fff6d0"),
    ]
    return "".join(parts) + face(22, 92, look, "#f7a8ac")


@dataclass(frozen=True)
class Figure:
    """A character and the colours of its world: pale ground, accent, dark ink."""

    draw: Callable[[str], str]
    pale: str
    accent: str
    ink: str


FIGURES = {
    "fiddlehead": Figure(fiddlehead, "#e6f5ec", "#2cac6e", "#0c472a"),
    "bamboo": Figure(bamboo, "#ffeee2", "#e2621a", "#6d2700"),
    "butterbur": Figure(butterbur, "#eef8dc", "#8cbf1c", "#3e5a00"),
    "gold_butterbur": Figure(lambda look: butterbur(look, gold=True), "#fdf4d8", "#d39b1e", "#5e4300"),
    "rabbit": Figure(rabbit, "#eceffb", "#5a6fc0", "#1f2c60"),
    "drop": Figure(drop, "#e9f7f9", "#01a6c6", "#004c59"),
}
