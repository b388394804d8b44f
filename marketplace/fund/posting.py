"""Write into the book, once for each key, into a period that is open."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.fund import rules
from marketplace.fund.models import CLOSED, Account, Book, Period, Posting, PostingLine
from marketplace.fund.rules import Lines
from marketplace.fund.years import month_ja, month_of, next_month, year_of_month
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.dates import day, fiscal_year
from marketplace.kit.db import db, insert_once, lock, transaction

_lines = PostingLine.__table__
assert isinstance(_lines, sa.Table)
_INTO_LINES = sa.insert(_lines)
_SHARED = sa.select(Book.id).where(Book.id == 1).with_for_update(read=True)
_CLOSED_OF = sa.select(Period.name).where(Period.state.in_(CLOSED))
_CLOSED_OF = _CLOSED_OF.where(Period.name.in_(sa.bindparam("periods", expanding=True)))
_STATE_OF = sa.select(Period.state).where(Period.name == sa.bindparam("period"))


def post(
    key: str, kind: str, lines: Lines, *, at: datetime, subject: str = "", memo: str = "", year: int | None = None
) -> bool:
    """False where `key` has been posted before. `lines` are (account, yen) and sum to zero.

    What happened in a month that is closed by now is booked in the first open one, with a memo that says so.

    Args:
        year: the fiscal year that it belongs to; that of `at` where none is given.
    """
    assert rules.sums_to_zero(lines), f"unbalanced posting {key}"
    with transaction() as session:
        share_book()
        month = month_of(at)
        belongs = fiscal_year(at) if year is None else year
        closed = db.session.scalars(_CLOSED_OF, {"periods": [month, f"FY{belongs}"]}).all()
        if month in closed:
            month = first_open(next_month(month))
            memo = f"{day(at)}の分。{month_ja(month_of(at))}は締めた後のため。{memo}"
        if f"FY{belongs}" in closed:
            memo = f"{belongs}年度は締めた後のため。{memo}"
            belongs = year_of_month(month)
        values = {"key": key, "kind": kind, "at": at, "month": month, "fiscal_year": belongs, "subject": subject}
        posting_id = insert_once(Posting, values | {"memo": memo[:200]})
        if posting_id is None:
            return False
        rows = [
            {"posting_id": posting_id, "n": n, "account": account, "yen": yen}
            for n, (account, yen) in enumerate(lines, start=1)
        ]
        session.execute(_INTO_LINES, rows)
        return True


def hold_book() -> None:
    """Inside a transaction: nobody else posts, closes or spends until it ends."""
    insert_once(Book, {"id": 1})
    lock(Book, 1)


def share_book() -> None:
    """Inside a transaction: others post too, but no period is closed until it ends."""
    if db.session.scalar(_SHARED) is None:  # the first posting of all
        insert_once(Book, {"id": 1})
        db.session.execute(_SHARED)


def is_closed(period: str) -> bool:
    return db.session.scalar(_STATE_OF, {"period": period}) in CLOSED


def first_open(month: str) -> str:
    """The month itself, or the first one after it that is not closed."""
    while is_closed(month):
        month = next_month(month)
    return month


def step(name: str, yen: int, *, decision: str, by: str, at: datetime | None = None, year: int | None = None) -> bool:
    """Move `yen` one step of 収納 → 歳入 → 積立 → 基金 → 支出 (rules.STEPS), by the town's decision of that number.

    False where the decision has been carried out before. NotPositive, NotEnough.
    """
    key = f"{name}:{decision}"
    with transaction():
        hold_book()
        if db.session.scalar(sa.select(Posting.id).where(Posting.key == key)) is not None:
            return False
        lines = rules.step_lines(name, yen, _standing_on(*rules.STANDING[name]))
        note("fund", f"fund.{name}", by=by, why=decision, yen=yen)
        return post(key, name, lines, at=at or now(), memo=decision, year=year)


def step_back(name: str, yen: int, *, undone: str, decision: str, by: str, at: datetime, year: int) -> None:
    """The step of the decision `undone` was wrong, as another decision says. NotEnough where its yen went further."""
    with transaction():
        hold_book()
        ends = {"spend": (), "pay_in": rules.STANDING["spend"]}.get(name, (rules.STEPS[name][1],))
        lines = rules.undo_lines(name, yen, _standing_on(*ends) if ends else yen)
        note("fund", "fund.undo", by=by, why=decision, yen=yen, undone=undone)
        post(f"undo:{undone}", name, lines, at=at, memo=f"{decision}（{undone}の取り消し）", year=year)


def _standing_on(*accounts: Account) -> int:
    """The credit on accounts of the way, in yen."""
    total = db.session.scalar(sa.select(sa.func.sum(PostingLine.yen)).where(PostingLine.account.in_(accounts)))
    return -int(total or 0)
