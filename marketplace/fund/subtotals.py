"""小計: what the book has come to, kept so that no page has to add up all that ever happened.

The worker adds what was posted to the sum of its kind, month and account, and notes how far it has come. Whoever reads
takes those sums and the few postings after them, in one statement, so that nothing is counted twice or left out.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.fund.models import Account, Book, Posting, PostingLine, Subtotal
from marketplace.fund.posting import hold_book
from marketplace.kit.clock import jst
from marketplace.kit.db import db, see_one_moment, transaction
from marketplace.kit.sheets import sheet

log = logging.getLogger(__name__)

FEW = 50
"""Postings that a page may add up itself."""
AT_ONCE = 500
"""Postings that are added to the sums in one transaction, in which nobody else posts."""


class Sum(NamedTuple):
    """Yen, debit positive, of postings of one kind that happened in one month in Japan ("2026-11"), on one account."""

    kind: str
    month: str
    account: Account
    yen: int


_THROUGH = sa.func.coalesce(sa.select(Book.summed_through).scalar_subquery(), 0)
_LINES = sa.select(Posting.kind, Posting.at, PostingLine.account, PostingLine.yen)
_LINES = _LINES.join(PostingLine, PostingLine.posting_id == Posting.id)
_KEPT = sa.select(Subtotal.kind, sa.null().label("at"), Subtotal.account, Subtotal.yen, Subtotal.month)
_ALL = sa.union_all(_LINES.add_columns(sa.null().label("month")).where(Posting.id > _THROUGH), _KEPT)

CROOKED = (
    sa.select(Posting.id)
    .outerjoin(PostingLine, PostingLine.posting_id == Posting.id)
    .group_by(Posting.id)
    .having(sa.func.coalesce(sa.func.sum(PostingLine.yen), 1) != 0)
    .order_by(Posting.id)
    .limit(1)
)
"""The first posting that has no lines, or whose lines do not sum to zero."""


def sums() -> list[Sum]:
    """All of the book. The same kind, month and account may come more than once: add them up."""
    rows = db.session.execute(_ALL)
    return [Sum(kind, month or _month(at), account, int(yen)) for kind, at, account, yen, month in rows]


def no_crooked_one_since() -> bool:
    """Whether each posting that is not added up yet sums to zero; those that are did so then."""
    return db.session.scalar(CROOKED.where(Posting.id > _THROUGH)) is None


def bring_forward(few: int = FEW) -> None:
    """Add up what was posted, until not more than `few` are left. A crooked posting is where it stops and stays."""
    waiting = sa.select(sa.func.max(Posting.id) - _THROUGH)
    while (db.session.scalar(waiting) or 0) > few and _add_next():
        pass


sheet(every=10, name="fund.subtotals")(bring_forward)


def _add_next() -> bool:
    """One portion; False where there is none, or its first posting is a crooked one."""
    with transaction() as session:
        hold_book()
        book = session.get_one(Book, 1)
        after = Posting.id > book.summed_through
        crooked = session.scalar(CROOKED.where(after))
        portion = sa.select(Posting.id).where(after).order_by(Posting.id).limit(AT_ONCE).subquery()
        last = session.scalar(sa.select(sa.func.max(portion.c.id)).where(portion.c.id < (crooked or sa.literal(2**62))))
        if last is None:
            if crooked is not None:  # else another worker was first
                log.error("posting %s is crooked: the subtotals of the fund end before it", crooked)
            return False
        found: Counter[tuple[str, str, Account]] = Counter()
        for kind, at, account, yen in session.execute(_LINES.where(after, Posting.id <= last)):
            found[kind, _month(at), account] += int(yen)
        for (kind, month, account), yen in found.items():
            kept = session.get(Subtotal, (kind, month, account))
            if kept is None:
                session.add(Subtotal(kind=kind, month=month, account=account, yen=yen))
            else:
                kept.yen += yen
        book.summed_through = last
    return True


def differing() -> dict[tuple[str, Account], int]:
    """By how many yen the subtotals of a kind and an account differ from their postings; empty, as long as nobody
    changes the book by hand. Reads all of it."""
    see_one_moment()
    kept = sa.select(Subtotal.kind, Subtotal.account, sa.func.sum(Subtotal.yen))
    told = sa.select(Posting.kind, PostingLine.account, sa.func.sum(PostingLine.yen))
    told = told.join(PostingLine, PostingLine.posting_id == Posting.id).where(Posting.id <= _THROUGH)
    differs: Counter[tuple[str, Account]] = Counter()
    for sign, query in ((1, kept.group_by(Subtotal.kind, Subtotal.account)), (-1, told.group_by("kind", "account"))):
        for kind, account, yen in db.session.execute(query):
            differs[kind, account] += sign * int(yen)
    return {of: yen for of, yen in differs.items() if yen}


def _month(at: datetime) -> str:
    return f"{jst(at):%Y-%m}"
