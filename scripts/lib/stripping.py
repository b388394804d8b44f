"""Joins what scripts/strips has seen into one picture for each journey, and writes docs/journeys.md."""

import json
import sys
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).resolve().parents[2] / "docs"
PHONE, DESK, ROW, GAP = 620, 733, 1500, 12
"""Pixels: the height of a phone's window, the width of a desk's, that of a row, and what lies between."""
JOURNEYS = {
    "buy": "Buy",
    "bid": "Bid",
    "lottery": "Apply, and check the draw",
    "perk": "Use a perk",
    "list": "List and approve",
    "resale": "Follow a resale",
}
HEAD = """# Six journeys

Recorded by `scripts/strips` while the tests of these journeys run (`tests/journeys`): what is shown is what is tested.
The pictures go from left to right; the journey of the bid is the one without JavaScript.
"""


def main(folder: Path) -> None:
    (DOCS / "journeys").mkdir(exist_ok=True)
    parts = [HEAD]
    for name, title in JOURNEYS.items():
        frames = sorted(folder.glob(f"{name}-*.png"), key=lambda path: int(path.stem.rpartition("-")[2]))
        if not frames:
            sys.exit(f"nothing was seen of {name}")
        told = [json.loads(frame.with_suffix(".json").read_text("utf-8")) for frame in frames]
        joined([Image.open(frame).convert("RGB") for frame in frames]).save(
            DOCS / "journeys" / f"{name}.webp", quality=62, method=6
        )
        steps = "".join(f"{number}. {words}\n" for number, words in enumerate(told, 1))
        parts.append(f"\n## {title}\n\n![{title}, in {len(told)} pictures](journeys/{name}.webp)\n\n{steps}")
    (DOCS / "journeys.md").write_text("".join(parts), encoding="utf-8")


def joined(frames: list[Image.Image]) -> Image.Image:
    """Side by side in rows that a page of text can hold."""
    rows: list[list[Image.Image]] = [[]]
    for frame in map(small, frames):
        if rows[-1] and sum(each.width + GAP for each in [*rows[-1], frame]) > ROW:
            rows.append([])
        rows[-1].append(frame)
    heights = [max(each.height for each in row) + GAP for row in rows]
    width = max(sum(each.width + GAP for each in row) for row in rows)
    whole = Image.new("RGB", (width + GAP, sum(heights) + GAP), "#c9d2cc")
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        left = GAP
        for each in row:
            whole.paste(each, (left, top))
            left += each.width + GAP
        top += height
    return whole


def small(frame: Image.Image) -> Image.Image:
    """Five windows of phones stand in a row, or two of desks."""
    scale = PHONE / frame.height if frame.height > frame.width else DESK / frame.width
    return frame.resize((round(frame.width * scale), round(frame.height * scale)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
