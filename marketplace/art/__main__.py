"""Draw the pictures that every page uses, when the look changes: python -m marketplace.art. They are committed."""

from __future__ import annotations

from pathlib import Path

from marketplace.art.comic import panels
from marketplace.art.landscapes import landscape
from marketplace.art.raster import webp

IMAGES = Path(__file__).parents[1] / "static" / "img"


def main() -> None:
    hero = landscape("front page", "dawn", width=2400, height=1100, peak=0.66, light_x=0.87, horizon=0.7).svg()
    for name, width in (("hero", 1600), ("hero-800", 800)):
        (IMAGES / f"{name}.webp").write_bytes(webp(hero, width))
    for number, panel in enumerate(panels(), start=1):
        (IMAGES / f"comic-{number}.svg").write_text(panel.svg(), encoding="utf-8")


if __name__ == "__main__":
    main()
