"""A report as a whole: written once, shown as a page that prints well and as PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import Response

from marketplace.kit.clock import now
from marketplace.kit.dates import era_day
from marketplace.papers.paper import Paper
from marketplace.settings import settings

Pairs = Sequence[tuple[str, str]]
NUMBER = re.compile(r"−?[\d,]+[円件点名]")


@dataclass(frozen=True)
class Part:
    """Under one heading: words, then facts, then a table, then a note. What is empty is left out."""

    heading: str
    text: str = ""
    facts: Pairs = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    numbers: Sequence[int] = ()
    """Columns of the table that are right-aligned, from 0."""
    widths: Sequence[float] = ()
    """Shares of the line in PDF, summing to 1."""
    nothing: str = ""
    """What is said instead of a table without rows."""
    note: str = ""

    @property
    def only_numbers(self) -> bool:
        """Whether each fact is a count or a sum: those stand one below the other, digit under digit."""
        return all(NUMBER.fullmatch(how) for _, how in self.facts)


@dataclass(frozen=True)
class Document:
    title: str
    about: str
    """The period or the subject, in one line."""
    parts: Sequence[Part]
    note: str = ""
    dated: str = field(default_factory=lambda: era_day(now()))


def pdf(document: Document, name: str) -> Response:
    """`name` without its ending."""
    town = settings()
    paper = Paper(
        document.title, issuer=town.town_name, reference=f"{document.title} {document.about}", dated=document.dated
    )
    paper.text(document.about)
    for part in document.parts:
        paper.heading(part.heading)
        if part.text:
            paper.text(part.text)
        if part.facts:
            paper.facts(part.facts)
        if part.rows:
            paper.table(part.header, part.rows, widths=part.widths or None, numbers=part.numbers)
        elif part.nothing:
            paper.text(part.nothing)
        if part.note:
            paper.note(part.note)
    if document.note:
        paper.note(document.note)
    paper.note(f"{town.town_office}　電話 {town.town_phone}（{town.town_hours}）")
    response = Response(paper.pdf(), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


def count(number: int, unit: str) -> str:
    """1300, '名' → '1,300名'."""
    return f"{number:,}{unit}"


def share(part: float, whole: float) -> str:
    """'12.5％'; '－' of nothing."""
    return f"{100 * part / whole:.1f}％" if whole else "－"
