"""Which font draws which sign: the one for documents of public offices, and for what it lacks, the one below it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import cache
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from marketplace.kit.letters import one_shape, typed

FOLDER = Path(__file__).parent / "fonts"
FONT = "BIZUDPGothic"
FILES = {FONT: FOLDER / "BIZUDPGothic-Regular.ttf", "NotoSansJP": FOLDER / "NotoSansJP-Rest.ttf"}
MISSING = "〓"
"""What printers set where they have no type for a letter: the reader sees that one is missing there. A picture that no
font has, such as 🐻, is left out."""
LETTERS_OF_OUR_OWN = ("Co", "Cn")
"""外字: kanji of families that the town's registers gave a number of their own, and those that Unicode got since."""
_JOINTS = re.compile("[\u200c\u200d\U000e0020-\U000e007f]")


def font() -> str:
    """The name of the first font, which reportlab knows from here on."""
    return next(iter(_known()))


def runs(text: str, *, lines: bool = True) -> list[tuple[str, str]]:
    """[(name of the font, what it draws), …] from left to right; of one line where `lines` is False."""
    each = (_drawn(sign) for sign in _seen(text, lines))
    return [(name, "".join(sign for _, sign in part)) for name, part in groupby(each, key=lambda pair: pair[0])]


def unprintable(text: str) -> str:
    """The signs of `text` for which there is no shape, each once."""
    return "".join(dict.fromkeys(sign for sign in _seen(text) if _drawn(sign)[1] != sign and not sign.isspace()))


def width(text: str, size: float) -> float:
    """Of one line, in points."""
    points: float = sum(pdfmetrics.stringWidth(signs, name, size) for name, signs in runs(text, lines=False))
    return points


def cut(text: str, size: float, room: float) -> str:
    """One line that fits: its end is … where there was more."""
    if width(text, size) <= room:
        return text
    while text and width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text}…"


def write(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    """One line, from `x` to the right."""
    for name, signs in runs(text, lines=False):
        canvas.setFont(name, size)
        canvas.drawString(x, y, signs)
        x += pdfmetrics.stringWidth(signs, name, size)


def _seen(text: str, lines: bool = True) -> str:
    """Without what no font has a shape for and nobody misses: marks that choose one, and joints."""
    return _JOINTS.sub("", one_shape(typed(text, lines=lines)))


def _drawn(sign: str) -> tuple[str, str]:
    """(name of the font, the sign that it draws for this one)."""
    fonts = _known()
    if sign == "\n" or (sign.isspace() and ord(sign) not in fonts[FONT]):
        return FONT, sign if sign == "\n" else " "
    kind = unicodedata.category(sign)
    lacking = FONT, MISSING if kind[0] in "LMN" or kind in LETTERS_OF_OUR_OWN else ""
    return next(((name, sign) for name, known in fonts.items() if ord(sign) in known), lacking)


_to_unicode = ttfonts.makeToUnicodeCMap


def _to_utf16(*of: object) -> str:
    """What is copied, searched and said aloud. reportlab writes 𠮷 in five digits, which no program takes for a letter:
    the name would be 田 (ISO 32000-2 §9.10.3)."""
    beyond = re.compile("<([0-9A-F]{5,6})>")
    return beyond.sub(lambda found: f"<{chr(int(found[1], 16)).encode('utf-16-be').hex()}>", _to_unicode(*of))


ttfonts.makeToUnicodeCMap = _to_utf16


@cache
def _known() -> dict[str, Container[int]]:
    """The signs of each font."""
    for name, file in FILES.items():
        pdfmetrics.registerFont(TTFont(name, file))
    return {name: pdfmetrics.getFont(name).face.charToGlyph for name in FILES}
