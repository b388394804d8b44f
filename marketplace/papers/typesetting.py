"""How a paper looks: A4, a font for documents of public offices, a footer on each page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from io import BytesIO
from itertools import starmap

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from marketplace.papers.lettering import FONT, cut, font, runs, write

INK, LINE, PALE = HexColor("#1a1a1a"), HexColor("#767676"), HexColor("#f2f2f2")
MARGIN = 20 * mm
WIDTH, HEIGHT = A4[0] - 2 * MARGIN, A4[1] - 2 * MARGIN
"""What a page holds, in points."""


class Page:
    """The parts of one document, set from top to bottom. What each means, `paper.Paper` says."""

    def __init__(self, title: str, *, issuer: str, reference: str, dated: str) -> None:
        self.title, self.issuer, self.reference = title, issuer, reference
        self._parts: list[Flowable] = []
        if dated:
            self._parts.append(_paragraph(dated, "dated"))
        self._parts += [_paragraph(issuer, "issuer"), _paragraph(title, "title")]

    def mark(self, text: str) -> None:
        box = Table([[_paragraph(text, "mark")]], colWidths=[52 * mm], hAlign="RIGHT")
        box.setStyle([("BOX", (0, 0), (-1, -1), 1.2, INK), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")])
        self._parts += [box, Spacer(0, 4 * mm)]

    def heading(self, text: str) -> None:
        self._parts += [CondPageBreak(50 * mm), _paragraph(text, "heading")]

    def text(self, text: str) -> None:
        for part in text.split("\n\n"):
            self._parts.append(_paragraph(part, "text"))

    def addressee(self, name: str) -> None:
        self._parts.append(_paragraph(name, "addressee"))

    def large(self, text: str) -> None:
        self._parts.append(_paragraph(text, "large"))

    def note(self, text: str) -> None:
        self._parts.append(_paragraph(text, "note"))

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        rows = [[_paragraph(label, "label"), _paragraph(value, "cell")] for label, value in pairs]
        self._table(rows, [WIDTH * 0.3, WIDTH * 0.7], header=False)

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        widths: Sequence[float] | None,
        numbers: Sequence[int],
    ) -> None:
        shares = widths or [1 / len(header)] * len(header)
        cells = [[_paragraph(text, "number" if at in numbers else "label") for at, text in enumerate(header)]]
        for row in rows:
            assert len(row) == len(header), "a row has as many cells as the header"
            cells.append([_paragraph(text, "number" if at in numbers else "cell") for at, text in enumerate(row)])
        self._table(cells, [WIDTH * share for share in shares], header=True)

    def code(self, address: str, caption: str) -> None:
        self._parts.append(KeepTogether([QrCode(address), _paragraph(caption, "note")]))

    def space(self, millimetres: float) -> None:
        self._parts.append(Spacer(0, millimetres * mm))

    def new_page(self) -> None:
        self._parts.append(PageBreak())

    def pdf(self) -> bytes:
        """PDF 1.4, with the font embedded as a subset. Once: the parts are used up by it."""
        out = BytesIO()
        document = SimpleDocTemplate(
            out,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=MARGIN,
            title=self.title,
            author=self.issuer,
            subject=self.reference,
            lang="ja-JP",
            invariant=1,
            initialFontName=font(),
        )
        document.build(
            self._parts,
            onFirstPage=self._footer,
            onLaterPages=self._footer,
        )
        return out.getvalue()

    def _table(self, rows: list[list[Paragraph]], widths: list[float], *, header: bool) -> None:
        look: list[tuple[object, ...]] = [
            ("FONT", (0, 0), (-1, -1), font()),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("LINEABOVE", (0, 0), (-1, 0), 0.8, INK),
            ("BACKGROUND", (0, 0), (-1, 0) if header else (0, -1), PALE),
        ]
        tallest = max(cell.wrap(width, HEIGHT)[1] for row in rows for cell, width in zip(row, widths, strict=True))
        # A letter of two pages in one cell: it goes on overleaf. Any other row stays whole.
        broken = int(tallest > HEIGHT / 2)
        table = Table(rows, colWidths=widths, repeatRows=int(header), splitInRow=broken, style=look)
        self._parts += [table, Spacer(0, 4 * mm)]

    def _footer(self, canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFillColor(LINE)
        write(canvas, MARGIN, 12 * mm, cut(self.reference, 8, WIDTH - 20 * mm), 8)
        canvas.setFont(FONT, 8)
        canvas.drawRightString(A4[0] - MARGIN, 12 * mm, f"{document.page} ページ")


def _paragraph(text: str, style: str) -> Paragraph:
    return Paragraph("".join(starmap(_run, runs(text))).replace("\n", "<br/>"), _style(style))


def _run(name: str, signs: str) -> str:
    return escape(signs) if name == FONT else f'<font name="{name}">{escape(signs)}</font>'


class QrCode(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Dark modules as rectangles, as long as they run along a row: nothing for a printer to smooth away."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.rows = [bytes(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=4)]
        self.width = self.height = 30 * mm

    def draw(self) -> None:
        dot = self.width / len(self.rows)
        self.canv.setFillColor(INK)
        for y, row in enumerate(self.rows):
            for run in re.finditer(rb"\x01+", row):
                x, length = run.start(), len(run[0])
                self.canv.rect(x * dot, self.height - (y + 1) * dot, length * dot, dot, stroke=0, fill=1)


@cache
def _style(name: str) -> ParagraphStyle:
    text = ParagraphStyle(
        "text", fontName=font(), fontSize=10.5, leading=17, textColor=INK, wordWrap="CJK", spaceAfter=2 * mm
    )
    looks: dict[str, dict[str, object]] = {
        "text": {},
        "dated": {"alignment": TA_RIGHT},
        "issuer": {"alignment": TA_RIGHT, "spaceAfter": 6 * mm},
        "title": {"fontSize": 18, "leading": 26, "alignment": TA_CENTER, "spaceAfter": 8 * mm},
        "addressee": {"fontSize": 13, "leading": 20, "spaceAfter": 5 * mm},
        "large": {"fontSize": 18, "leading": 28, "alignment": TA_CENTER, "spaceAfter": 5 * mm},
        "mark": {"fontSize": 13, "leading": 18, "alignment": TA_CENTER, "spaceAfter": 0},
        "heading": {"fontSize": 13, "leading": 20, "spaceBefore": 4 * mm},
        "note": {"fontSize": 9, "leading": 14},
        "label": {"fontSize": 9.5, "leading": 15, "spaceAfter": 0},
        "cell": {"fontSize": 9.5, "leading": 15, "spaceAfter": 0},
        "number": {"fontSize": 9.5, "leading": 15, "spaceAfter": 0, "alignment": TA_RIGHT},
    }
    return ParagraphStyle(name, parent=text, **looks[name])
