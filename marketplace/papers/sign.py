"""A sign to be put up: one name as large as the sheet allows, and a code that leads to its page. A3, lying."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.pagesizes import A3, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from marketplace.papers.lettering import font, width, write
from marketplace.papers.typesetting import INK, LINE, QrCode

WIDTH, HEIGHT = landscape(A3)
MARGIN = 22 * mm
LARGEST, SMALLEST = 150.0, 50.0
BESIDE_THE_CODE = WIDTH - 2 * MARGIN - 60 * mm
CODE = 1.6
"""How much larger the code is than on a paper in the hand: it is read from a step away."""


def sign(name: str, reading: str, lines: Sequence[str], address: str, *, issuer: str, caption: str) -> bytes:
    """The sheet as PDF. The same words give the same bytes.

    Args:
        name: in one line, or in two where one would be too small to read from a distance.
        lines: what stands below it, small.
        address: where the code leads; `caption` says in words what is there.
        issuer: who put the sign up.
    """
    out = BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1, lang="ja-JP", initialFontName=font())
    canvas.setTitle(name)
    canvas.setAuthor(issuer)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(3)
    canvas.roundRect(MARGIN / 2, MARGIN / 2, WIDTH - MARGIN, HEIGHT - MARGIN, 8 * mm)
    rows, size = fitted(name, WIDTH - 2 * MARGIN)
    canvas.setFillColor(INK)
    middle = HEIGHT * 0.52 + (len(rows) - 1) * size * 0.6
    _centred(canvas, middle + size + 6 * mm, [reading], min(28.0, _largest([reading], WIDTH - 2 * MARGIN, 28.0)))
    _centred(canvas, middle, rows, size)
    foot = MARGIN + 34 * mm
    for line in filter(None, [issuer, *lines]):
        write(canvas, MARGIN + 4 * mm, foot, line, _largest([line], BESIDE_THE_CODE, 18))
        foot -= 28
    code = QrCode(address)
    canvas.saveState()
    canvas.translate(WIDTH - MARGIN - 50 * mm, MARGIN + 12 * mm)
    canvas.scale(CODE, CODE)
    code.drawOn(canvas, 0, 0)
    canvas.restoreState()
    canvas.setFont(font(), 11)
    canvas.setFillColor(LINE)
    canvas.drawRightString(WIDTH - MARGIN - 4 * mm, MARGIN + 6 * mm, f"{caption} {address}")
    canvas.save()
    return out.getvalue()


def fitted(name: str, room: float) -> tuple[list[str], float]:
    """The name in one line or two, and the size of its letters in points."""
    size = _largest([name], room, LARGEST)
    if size >= SMALLEST * 1.5 or len(name) < 2:
        return [name], size
    middle = (len(name) + 1) // 2
    rows = [name[:middle], name[middle:]]
    return rows, _largest(rows, room, LARGEST)


def _largest(rows: Sequence[str], room: float, most: float) -> float:
    return min(most, room / max(width(row, 1.0) for row in rows))


def _centred(canvas: Canvas, top: float, rows: Sequence[str], size: float) -> None:
    for number, row in enumerate(rows):
        write(canvas, (WIDTH - width(row, size)) / 2, top - number * size * 1.2, row, size)
