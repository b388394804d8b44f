"""The catalogue: a picture for every kind of right, and one for every token of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from marketplace.art.cards import framed, numbered, resident_card, trading_card
from marketplace.art.doings import brush, hall, tea
from marketplace.art.drawing import Chance, Sheet
from marketplace.art.figures import FIGURES
from marketplace.art.landscapes import MOODS, landscape
from marketplace.art.outdoors import bath, fountain, lift, pool, sauna, snow_work
from marketplace.art.places import bus_stop, canoe, deck, desk, park, seasons, village
from marketplace.art.worlds import figure_scene

MOTIFS: dict[str, Callable[[str], Sheet]] = {
    "bath": bath,
    "brush": brush,
    "bus_stop": bus_stop,
    "canoe": canoe,
    "deck": deck,
    "desk": desk,
    "fountain": fountain,
    "hall": hall,
    "lift": lift,
    "park": park,
    "pool": pool,
    "sauna": sauna,
    "seasons": seasons,
    "snow_work": snow_work,
    "tea": tea,
    "village": village,
    **{f"mountain_{mood}": partial(landscape, mood=mood) for mood in MOODS},
    **{name: partial(figure_scene, name) for name in FIGURES},
}
"""Every picture that can be asked for by name."""

BY_KIND = {
    "resident": ("village", "desk", "seasons", "mountain_day", "mountain_dusk"),
    "card": ("fiddlehead", "bamboo", "butterbur", "drop", "rabbit"),
    "lecture": ("hall", "tea"),
    "naming": ("park", "canoe", "deck", "bus_stop"),
    "certificate": ("brush",),
    "experience": ("bath", "snow_work", "sauna", "fountain", "lift"),
}
"""What a kind of right may show where nobody has chosen: the seed chooses."""


def motif_of(kind: str, seed: int) -> str:
    """The motif that `kind` stands for: itself where it is one, else one of its kind chosen by the seed."""
    return kind if kind in MOTIFS else Chance(f"motif {kind} {seed}").one_of(BY_KIND[kind])


def scene(kind: str, seed: int) -> str:
    """An SVG of 1200 x 900 for a motif or a kind of right; same arguments, same text. KeyError if unknown."""
    return MOTIFS[motif_of(kind, seed)](str(seed)).svg()


def token_art(kind: str, seed: int, serial: int, total: int) -> str:
    """An SVG for token `serial` of `total`. `kind` is a kind of right."""
    shown = motif_of(kind, seed)
    if kind == "card" and shown in FIGURES:
        return trading_card(shown, str(seed), serial, total).svg()
    if kind == "resident":
        return resident_card(str(seed), serial, total).svg()
    sheet = MOTIFS[shown](f"{seed}" if total == 1 else f"{seed} {serial}")
    return (framed if kind == "certificate" else numbered)(sheet, serial, total).svg()
