"""The resident card as its holder sees it: the same view in the season of the day, with a tree for each visit.

Its mountain and its number are those of the card that was issued (cards.resident_card), which never changes.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from math import pi, sin

from marketplace.art.cards import named_card
from marketplace.art.drawing import Chance, Sheet, blend, disc, num, path, placed, stroke
from marketplace.art.landscapes import Mood, cedar, landscape

MOST_TREES = 24
"""More than that no shore holds; the next visits hang lanterns on them."""


class Season(StrEnum):
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"
    WINTER = "winter"


LIGHT = {
    Season.SPRING: Mood("#6fa3d4", "#f3c6d6", "#fff0ea", "#fff6ee", "#9db0cb", "#5f8f57", "#86b4cf"),
    Season.SUMMER: Mood("#2f86cf", "#9bd8f2", "#f0fbf2", "#fffbe6", "#7fb0c0", "#1f7344", "#4fb0d2"),
    Season.AUTUMN: Mood("#4c91c3", "#c0dddd", "#fdf1d4", "#fff8df", "#a2a7bc", "#a64a1e", "#3e84ab"),
    Season.WINTER: Mood("#84a8c8", "#cddeeb", "#f6f9fb", "#ffffff", "#adc5d8", "#4d738f", "#9dbfd4"),
}
LEAVES = {
    Season.SPRING: ("#f6b3c8", "#f9cbd8"),
    Season.SUMMER: ("#2f8f4e", "#4aa860"),
    Season.AUTUMN: ("#d9622b", "#e8a330"),
    Season.WINTER: ("#e9f1f7", "#ffffff"),
}


def season_of(day: date) -> Season:
    """As the weather office counts them: March to May is spring. https://www.jma.go.jp/jma/kishou/know/yougo_hp/toki.html"""
    return list(Season)[(day.month - 3) % 12 // 3]


def visited_card(seed: str, serial: int, total: int, season: Season, visits: int) -> Sheet:
    """1200 x 757. `visits`: days on which its holder came to the town; each keeps its tree when the next one comes."""
    w, h = 1200.0, 757.0
    sheet = landscape(f"{seed} {serial}", colours=LIGHT[season], width=w, height=h, horizon=0.56)
    ground = Chance(f"trees {seed} {serial}")
    trees = [(ground.between(0.03, 0.97) * w, ground.between(0.0, 1.0), ground.whole(0, 2)) for _ in range(MOST_TREES)]
    grown = [(number, *tree) for number, tree in enumerate(trees[:visits], 1)]
    for number, x, near, kind in sorted(grown, key=lambda tree: tree[2]):
        foot, tall = h * (0.585 + 0.05 * near), h * (0.1 + 0.05 * near)
        sheet.add(cedar(x, foot, tall * 1.25, LIGHT[season].woods, season is Season.WINTER) if kind == 0 else "")
        sheet.add(_tree(x, foot, tall, season) if kind else "")
        if visits >= MOST_TREES + number:
            sheet.disc(x, foot - tall * 0.45, 26, sheet.glow([(0, "#ffe9a8", 0.95), (1, "#ffd56b", 0)]))
            sheet.add(disc(x, foot - tall * 0.45, 7, "#fff3c4"))
    _air(sheet, season)
    return named_card(sheet, serial, total)


def _tree(x: float, foot: float, tall: float, season: Season) -> str:
    """A round one with leaves, blossoms or snow."""
    dark, bright = LEAVES[season]
    crown = [
        stroke(f"M0 0V{num(-tall * 0.5)}", "#5b4330", tall * 0.07),
        disc(0, -tall * 0.62, tall * 0.32, dark),
        disc(-tall * 0.17, -tall * 0.5, tall * 0.22, blend(dark, "#000000", 0.08)),
        disc(tall * 0.13, -tall * 0.72, tall * 0.19, bright),
    ]
    return placed(crown, x, foot)


def _air(sheet: Sheet, season: Season) -> None:
    """What is in the air: petals, summer clouds, leaves, snow."""
    w, h, chance = sheet.width, sheet.height, Chance(f"air {season}")
    if season is Season.WINTER:
        for _ in range(90):
            x, y = chance.between(0, w), chance.between(0, h * 0.9)
            sheet.disc(x, y, chance.between(2, 6), "#ffffff", chance.between(0.6, 0.95))
    elif season is Season.SUMMER:
        for _ in range(3):
            x, y, wide = chance.between(0.1, 0.9) * w, chance.between(0.3, 0.42) * h, chance.between(60, 110)
            puffs = [
                disc(wide * (i - 2) * 0.55, -sin(pi * i / 4) * wide * 0.5, wide * 0.42, "#ffffff") for i in range(5)
            ]
            sheet.add(f'<g opacity=".75">{placed(puffs, x, y)}</g>')
    else:
        leaf = "M0 -9C7 -6 7 5 0 9C-7 5 -7 -6 0 -9Z"
        for _ in range(34):
            x, y, turn = chance.between(0, w), chance.between(h * 0.18, h * 0.86), chance.between(0, 360)
            sheet.add(placed([path(leaf, chance.one_of(LEAVES[season]), 0.92)], x, y, chance.between(0.7, 1.5), turn))
