"""The card that other sites show beside a link: 1200 × 630, the right's own picture beside its name and plain facts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from marketplace import papers

WIDTH, HEIGHT = 1200, 630
PICTURE = 720
"""Pixels of the left side; the picture fills it and loses a little at its edges."""
MARGIN = 40
ROOM = WIDTH - PICTURE - 2 * MARGIN
FONT = Path(papers.__file__).parent / "fonts" / "BIZUDPGothic-Regular.ttf"
PAPER, INK, MUTED, KEY = "#ffffff", "#1a1a1a", "#595959", "#115a36"
TITLE_LINES = 4


@lru_cache(maxsize=64)
def draw(picture: bytes, town: str, title: str, facts: tuple[str, ...]) -> bytes:
    """A PNG of 256 colours. `facts` are short lines, at most four of them."""
    card = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    with Image.open(io.BytesIO(picture)) as found:
        card.paste(ImageOps.fit(found.convert("RGB"), (PICTURE, HEIGHT)), (0, 0))
    pen = ImageDraw.Draw(card)
    pen.rectangle((PICTURE, 0, WIDTH, 14), fill=KEY)
    left, y = PICTURE + MARGIN, 60
    y = _write(pen, [town], left, y, 28, MUTED) + 18
    size = 52 if _font(52).getlength(title) <= ROOM * 2 else 42
    y = _write(pen, wrapped(title, size, TITLE_LINES), left, y, size, INK, bold=1) + 30
    _write(pen, [line for fact in facts for line in wrapped(fact, 30, 2)], left, y, 30, INK)
    _write(pen, ["まちの権利ひろば"], left, HEIGHT - 76, 28, KEY, bold=1)
    out = io.BytesIO()
    card.quantize(256).save(out, "PNG", optimize=True)
    return out.getvalue()


def wrapped(text: str, size: int, most: int) -> list[str]:
    """Lines no wider than there is room; the last of `most` ends in … where more was to come."""
    font, lines = _font(size), [""]
    for sign in text:
        if font.getlength(lines[-1] + sign) > ROOM:
            lines.append("")
        lines[-1] += sign
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    return lines


def _write(
    pen: ImageDraw.ImageDraw, lines: Sequence[str], x: int, y: int, size: int, colour: str, bold: int = 0
) -> int:
    """Where the next line would begin."""
    for line in lines:
        pen.text((x, y), line, font=_font(size), fill=colour, stroke_width=bold, stroke_fill=colour)
        y += round(size * 1.4)
    return y


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)
