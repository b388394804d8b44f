"""Lists that are read a page at a time: where in them the address says the reader is."""

from __future__ import annotations

from flask import request

BEYOND = 2**31 - 1
"""The greatest number that a row can have."""
MOST = 10**7
"""More pages than any list has; the rows on them are still what a database counts."""


def asked_row(name: str) -> int | None:
    """The row that the address names, as "older than this one"; None where it names none."""
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdigit()):
        return None
    return min(int(text.lstrip("0")[:11] or "0"), BEYOND) or None


def asked_page(name: str = "page") -> int:
    """The `page` of the address, from 1; the first one where it says nothing that is a page. `name`: of another list
    on the same page."""
    return min(asked_row(name) or 1, MOST)


def page_of(wanted: int, total: int, size: int) -> tuple[int, int]:
    """Of `total` rows, `size` a page: the page `wanted`, the last one where fewer are there, and how many there are."""
    pages = max(1, -(-total // size))
    return min(wanted, pages), pages
