"""The demo's pictures, drawn ahead so that a first start need not wait: python -m marketplace.demo.painting

Drawing one takes half a second, and the story has one for each sale. The files are what `art` draws of the motif that
the story names; run this after changing `art`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from marketplace.art.raster import webp
from marketplace.art.scenes import scene
from marketplace.demo.town import Sale, story

DIRECTORY = Path(__file__).with_name("pictures")
WIDTH = 960


def file_of(sale: Sale) -> Path:
    return DIRECTORY / f"{sale.id}.webp"


def paint() -> None:
    """Draw every sale's picture into the directory."""
    DIRECTORY.mkdir(exist_ok=True)
    for sale in story().sales:
        file_of(sale).write_bytes(webp(scene(sale.words["picture"], sale.number), WIDTH))


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m marketplace.demo.painting", description=__doc__).parse_args()
    paint()
