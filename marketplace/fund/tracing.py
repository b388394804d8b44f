"""How far the money of one sold right has come: 収納 → 歳入 → 積立 → 基金 → 支出.

The town decides sums, not single yen, so a rule says whose yen a decision moves: what was paid first goes first. Each
right's money has its place in the row of all that was collected and not given back, and a stage reaches as far as its
sum. Anybody can work that out from the table of entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.fund.statements import summary
from marketplace.kit.db import db

STAGES = {
    "collected": "いただいた代金（収納）",
    "revenue": "町の歳入にしたもの",
    "set_aside": "基金に積み立てると決めたもの",
    "fund": "基金に入ったもの",
    "spent": "使ったもの",
}


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


def reached(start: int, yen: int, totals: Mapping[str, int]) -> dict[str, int]:
    """Pure: of `yen` that stand at `start`, how many each stage has reached. {stage: yen}"""
    return {stage: max(0, min(start + yen, total) - start) for stage, total in totals.items()}


def totals() -> dict[str, int]:
    """What has ever reached each stage; in the order of STAGES."""
    told = summary()
    collected = told["collected_yen"] - told["refunded_yen"]
    return {
        "collected": collected,
        "revenue": told["revenue_yen"],
        "set_aside": told["set_aside_yen"],
        "fund": told["fund_yen"],
        "spent": told["spent_yen"],
    }


def entries() -> Iterator[Entry]:
    """Everything that was collected, the first one first."""
    sums = (
        sa.select(
            sa.func.min(Posting.id),
            Posting.subject,
            sa.func.min(Posting.at),
            sa.func.min(Posting.fiscal_year),
            _sum(Account.COLLECTED, -1),
            _sum(Account.FEES, 1),
            _sum(Account.REFUNDS, 1) + _sum(Account.DISPUTES, 1),
        )
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(Posting.subject != "", Posting.kind != "recognise")
        .group_by(Posting.subject)
        .order_by(sa.func.min(Posting.id))
    )
    start = 0
    for number, subject, at, year, gross, fee, returned in db.session.execute(sums):
        if not gross:
            continue
        entry = Entry(number, subject, at, year, int(gross), int(fee), int(returned), start)
        yield entry
        start += max(0, entry.kept_yen)


def of_subject(subject: str) -> Entry | None:
    return next((entry for entry in entries() if entry.subject == subject), None)


def _sum(account: Account, sign: int) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((PostingLine.account == account, sign * PostingLine.yen), else_=0))
