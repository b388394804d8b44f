"""Write into the book, once for each key."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.fund import rules
from marketplace.fund.models import Account, Book, Posting, PostingLine
from marketplace.fund.rules import Lines
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, lock, transaction


def post(key: str, kind: str, lines: Lines, *, at: datetime, subject: str = "", memo: str = "") -> bool:
    """False where `key` has been posted before. `lines` are (account, yen) and sum to zero."""
    assert rules.sums_to_zero(lines), f"unbalanced posting {key}"
    with transaction() as session:
        values = {"key": key, "kind": kind, "at": at, "subject": subject, "memo": memo}
        posting_id = insert_once(Posting, values)
        if posting_id is None:
            return False
        session.add_all(
            PostingLine(posting_id=posting_id, n=n, account=account, yen=yen)
            for n, (account, yen) in enumerate(lines, start=1)
        )
        return True


def step(name: str, yen: int, *, decision: str, by: str) -> bool:
    """Move `yen` one step of 収納 → 歳入 → 積立 → 基金 (rules.STEPS), by the town's decision of that number.

    False where the decision has been carried out before. NotPositive, NotEnough.
    """
    key = f"{name}:{decision}"
    with transaction():
        insert_once(Book, {"id": 1})
        lock(Book, 1)
        if db.session.scalar(sa.select(Posting.id).where(Posting.key == key)) is not None:
            return False
        lines = rules.step_lines(name, yen, _standing_on(rules.STEPS[name][0]))
        note("fund", f"fund.{name}", by=by, why=decision, yen=yen)
        return post(key, name, lines, at=now(), memo=decision)


def _standing_on(account: Account) -> int:
    """The credit on an account of the way, in yen."""
    total = db.session.scalar(sa.select(sa.func.sum(PostingLine.yen)).where(PostingLine.account == account))
    return -int(total or 0)
