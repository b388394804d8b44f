"""A picture for a right that brings none: drawn from its kind and a number, always the same for the same two."""

from __future__ import annotations

from marketplace.art.raster import png
from marketplace.art.scenes import scene
from marketplace.metadata.pictures import keep

WIDTH = 960
"""Pixels: enough for a page at twice its size, small enough to be drawn while somebody waits."""


def draw(kind: str, seed: int, by: str) -> int:
    """The id of the picture number `seed` of a kind of right; drawn and kept on the first call."""
    return keep(png(scene(kind, seed), WIDTH), by)
