"""Lists that are read a page at a time: where in them the address says the reader is."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import sqlalchemy as sa
from flask import request

from marketplace.kit.db import db

BEYOND = 2**31 - 1
"""The greatest number that a row can have."""
MOST = 10**7
"""More pages than any list has; the rows on them are still what a database counts."""
Row = TypeVar("Row")


class Leaf(NamedTuple, Generic[Row]):
    """One page of a list, which of how many."""

    rows: list[Row]
    number: int
    pages: int


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


def leaf(query: sa.Select[Row], size: int) -> Leaf[Row]:
    """Of all that `query` finds the page that the address asks for, the last one where fewer are there."""
    found: sa.Select[Any] = query.order_by(None).with_only_columns(sa.literal(1), maintain_column_froms=True)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0
    number, pages = page_of(asked_page(), total, size)
    return Leaf(list(db.session.scalars(query.limit(size).offset((number - 1) * size))), number, pages)
