"""How far the money of one sold right has come: 収納 → 歳入 → 積立 → 基金 → 支出; adding_up.py has the rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.kit.db import db
from marketplace.kit.published import Record


@dataclass(frozen=True)
class Entry:
    """What one subject ("order:ORD-…") brought: `number` is its posting's, yen are whole; `start` is its place."""

    number: int
    subject: str
    at: datetime
    year: int
    gross_yen: int
    fee_yen: int
    returned_yen: int
    start: int

    @property
    def kept_yen(self) -> int:
        return self.gross_yen - self.returned_yen


def entries() -> Iterator[Entry]:
    """Everything that was collected, the first one first."""
    for row in db.session.execute(sa.select(_ENTRIES).order_by(_ENTRIES.c.number)):
        yield _entry(*row)


def newest(count: int, skipped: int = 0) -> tuple[list[Entry], int]:
    """So many of them, the last one first, and how many there are."""
    ordered = sa.select(_ENTRIES, sa.func.count().over()).order_by(_ENTRIES.c.number.desc())
    rows = db.session.execute(ordered.limit(count).offset(skipped)).all()
    if rows or not skipped:
        return [_entry(*row[:-1]) for row in rows], rows[0][-1] if rows else 0
    return [], db.session.execute(sa.select(sa.func.count()).select_from(_SUMS)).scalar_one()


def numbered(number: int) -> Entry | None:
    row = db.session.execute(sa.select(_ENTRIES).where(_ENTRIES.c.number == number)).one_or_none()
    return _entry(*row) if row else None


def apart() -> list[Record]:
    """By kind of posting, the fees and what went back that belong to no entry: of deposits in custody, of payers that
    are none of ours, the card company's own charges. [{"kind", "fee_yen", "returned_yen"}]"""
    of_none = sa.or_(~OF_A_SUBJECT, Posting.subject.not_in(sa.select(_SUMS.c.subject)))
    query = sa.select(Posting.kind, *SUMS[1:]).join(PostingLine, PostingLine.posting_id == Posting.id).where(of_none)
    moved = query.where(PostingLine.account.in_((Account.FEES, Account.REFUNDS, Account.DISPUTES)))
    rows = db.session.execute(moved.group_by(Posting.kind).order_by(Posting.kind))
    return [{"kind": row.kind, "fee_yen": int(row.fee), "returned_yen": int(row.returned)} for row in rows]


def _sum(account: Account, sign: int) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((PostingLine.account == account, sign * PostingLine.yen), else_=0))


SUMS = (
    _sum(Account.COLLECTED, -1).label("gross"),
    _sum(Account.FEES, 1).label("fee"),
    (_sum(Account.REFUNDS, 1) + _sum(Account.DISPUTES, 1)).label("returned"),
)
"""Of the lines of postings that OF_A_SUBJECT: yen collected, kept by the card company, and given back."""
OF_A_SUBJECT = sa.and_(Posting.subject != "", Posting.kind != "recognise")
_SUMS = (
    sa.select(
        sa.func.min(Posting.id).label("number"),
        Posting.subject,
        sa.func.min(Posting.at).label("at"),
        sa.func.min(Posting.fiscal_year).label("year"),
        *SUMS,
    )
    .join(PostingLine, PostingLine.posting_id == Posting.id)
    .where(OF_A_SUBJECT)
    .group_by(Posting.subject)
    .having(SUMS[0] != 0)
    .subquery()
)
_KEPT = sa.case((_SUMS.c.gross > _SUMS.c.returned, _SUMS.c.gross - _SUMS.c.returned), else_=0)
_BEFORE = sa.func.sum(_KEPT).over(order_by=_SUMS.c.number, rows=(None, -1))
_ENTRIES = sa.select(_SUMS, sa.func.coalesce(_BEFORE, 0).label("start")).subquery()


def _entry(number: int, subject: str, at: datetime, year: int, *yen: Decimal | int) -> Entry:
    return Entry(number, subject, at, year, *map(int, yen))
