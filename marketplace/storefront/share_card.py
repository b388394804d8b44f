"""The card that other sites show beside a link: 1200 × 630, the right's own picture beside its name and plain facts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, ImageOps

from marketplace.kit.colours import KEY

# What knows the fonts is slow to import, and most processes never draw a card.
# ruff: noqa: PLC0415 -- the reason above holds for every import below

WIDTH, HEIGHT = 1200, 630
PICTURE = 720
"""Pixels of the left side; the picture fills it and loses a little at its edges."""
MARGIN = 40
ROOM = WIDTH - PICTURE - 2 * MARGIN
PAPER, INK, MUTED = "#ffffff", "#1a1a1a", "#595959"
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
    size = 52 if _length(title, 52) <= ROOM * 2 else 42
    y = _write(pen, wrapped(title, size, TITLE_LINES), left, y, size, INK, bold=1) + 30
    _write(pen, [line for fact in facts for line in wrapped(fact, 30, 2)], left, y, 30, INK)
    _write(pen, ["まちの権利ひろば"], left, HEIGHT - 76, 28, KEY, bold=1)
    out = io.BytesIO()
    card.quantize(256).save(out, "PNG", optimize=True)
    return out.getvalue()


def wrapped(text: str, size: int, most: int) -> list[str]:
    """Lines no wider than there is room; the last of `most` ends in … where more was to come."""
    lines = [""]
    for sign in text:
        if _length(lines[-1] + sign, size) > ROOM:
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
        right = float(x)
        for signs, font in _runs(line, size):
            at = (right, y + size)  # on one line, whichever font draws them
            pen.text(at, signs, font=font, fill=colour, stroke_width=bold, stroke_fill=colour, anchor="ls")
            right += font.getlength(signs)
        y += round(size * 1.4)
    return y


def _length(line: str, size: int) -> float:
    return sum(font.getlength(signs) for signs, font in _runs(line, size))


def _runs(line: str, size: int) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    from marketplace.papers.lettering import runs

    return [(signs, _font(name, size)) for name, signs in runs(line, lines=False)]


@lru_cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    from marketplace.papers.lettering import FILES

    return ImageFont.truetype(str(FILES[name]), size)
