"""One PDF document, written from top to bottom. It is set when it is asked for: see typesetting.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marketplace.papers.typesetting import Page

# What sets type is slow to import, and most processes never set any.
# ruff: noqa: PLC0415 -- the reason above holds for every import below


class Paper:
    """Add parts in reading order, then ask for `pdf()`.

    Text is plain text: Japanese, Latin with every accent (Vietnamese too), Greek, Cyrillic. It is never read as
    markup, and a sign that the fonts lack is 〓. The same parts give the same bytes, so that a document can be compared
    and its SHA-256 kept.

    Args:
        title: stands large on the first page and in the document's properties.
        issuer: who answers for it, e.g. "月見沢町"; on the first page above, and in the properties as author.
        reference: number of the document or of its subject; in the footer of each page.
        dated: the day as it shall be read, e.g. "令和8年11月25日".
    """

    def __init__(self, title: str, *, issuer: str, reference: str = "", dated: str = "") -> None:
        self.title, self.issuer, self.reference, self.dated = title, issuer, reference, dated
        self._written: bytes | None = None
        self._parts: list[Callable[[Page], None]] = []

    def mark(self, text: str) -> None:
        """A word in a box on the right, such as a stamp would say: 「再発行」."""
        self._parts.append(lambda page: page.mark(text))

    def heading(self, text: str) -> None:
        self._parts.append(lambda page: page.heading(text))

    def text(self, text: str) -> None:
        """One or several paragraphs; an empty line parts them, a line break stays one."""
        self._parts.append(lambda page: page.text(text))

    def addressee(self, name: str) -> None:
        """For whom: 「山田 花子 様」."""
        self._parts.append(lambda page: page.addressee(name))

    def large(self, text: str) -> None:
        """One line that must be found at once: a sum, a number."""
        self._parts.append(lambda page: page.large(text))

    def note(self, text: str) -> None:
        self._parts.append(lambda page: page.note(text))

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """What and how much: a label, and what stands beside it."""
        self._parts.append(lambda page: page.facts(pairs))

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        widths: Sequence[float] | None = None,
        numbers: Sequence[int] = (),
    ) -> None:
        """Columns under a header that each page repeats.

        Args:
            widths: shares of the line, summing to 1; equal shares where none are given.
            numbers: which columns (from 0) are right-aligned.
        """
        self._parts.append(lambda page: page.table(header, rows, widths=widths, numbers=numbers))

    def code(self, address: str, caption: str) -> None:
        """A QR code of 30 mm (ISO/IEC 18004, level M) with a quiet zone, and under it in words where it leads."""
        self._parts.append(lambda page: page.code(address, caption))

    def space(self, millimetres: float = 6) -> None:
        self._parts.append(lambda page: page.space(millimetres))

    def new_page(self) -> None:
        self._parts.append(lambda page: page.new_page())

    def pdf(self) -> bytes:
        """The document as PDF 1.4, with its fonts embedded as subsets. Asked again, the same bytes."""
        if self._written is None:
            from marketplace.papers.typesetting import Page

            page = Page(self.title, issuer=self.issuer, reference=self.reference, dated=self.dated)
            for part in self._parts:
                part(page)
            self._written = page.pdf()
        return self._written


def unprintable(text: str) -> str:
    """The signs of `text` for which no font has a shape, each once: a name with one must not lose it on paper."""
    from marketplace.papers import lettering

    return lettering.unprintable(text)
