"""The journal of the fund: postings whose lines sum to zero."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.second_person import TwoPersons, two_persons
from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class Account(StrEnum):
    """Positive is debit. Where money is: stripe, bank. Where it came from or went: all others."""

    STRIPE = "stripe"
    BANK = "bank"
    FEES = "fees"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    OTHER = "other"
    DEPOSITS = "deposits"
    COLLECTED = "collected"
    REVENUE = "revenue"
    SET_ASIDE = "set_aside"
    FUND = "fund"
    SPENT = "spent"


TITLES = {
    Account.STRIPE: "決済代行（Stripe）の残高",
    Account.BANK: "指定金融機関の預金",
    Account.FEES: "決済手数料",
    Account.REFUNDS: "返金",
    Account.DISPUTES: "カード会社からの異議",
    Account.OTHER: "その他の増減（確認が必要）",
    Account.DEPOSITS: "保管金（入札保証金・歳入歳出外現金）",
    Account.COLLECTED: "収納",
    Account.REVENUE: "歳入",
    Account.SET_ASIDE: "積立",
    Account.FUND: "基金",
    Account.SPENT: "基金の取りくずし（支出）",
}


class Posting(Base):
    """One thing that happened to money. Written once, never changed; a mistake is undone by another posting."""

    __tablename__ = "postings"
    __table_args__ = (
        sa.Index("ix_postings_month", "month", "id"),
        sa.Index("ix_postings_fiscal_year", "fiscal_year"),
        sa.Index("ix_postings_subject", "subject"),
        sa.CheckConstraint("length(month) = 7", name="month_has_its_year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    """Stripe's balance transaction (txn_…), or the number of the town's own decision."""
    kind: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[datetime]
    """When it happened: for a line of Stripe's balance by Stripe's clock."""
    month: Mapped[str] = mapped_column(sa.String(7))
    """In which it is booked, '2026-11': that of `at`, or a later one where that was closed by then."""
    fiscal_year: Mapped[int]
    """The year that it belongs to, see years.py; it may be another one than that of the month."""
    subject: Mapped[str] = mapped_column(sa.String(64), default="")
    """"order:ORD-…" where a payment is behind it."""
    memo: Mapped[str] = mapped_column(sa.String(200), default="")
    lines: Mapped[list[PostingLine]] = relationship(order_by="PostingLine.n", cascade="save-update, merge")


class PostingLine(Base):
    __tablename__ = "posting_lines"
    __table_args__ = (
        sa.UniqueConstraint("posting_id", "n", name="uq_posting_lines_place"),
        sa.CheckConstraint("yen <> 0", name="yen_not_zero"),
        sa.Index("ix_posting_lines_account", "account"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    posting_id: Mapped[int] = mapped_column(sa.ForeignKey("postings.id"))
    n: Mapped[int]
    account: Mapped[Account] = state_column(Account, name="account")
    yen: Mapped[int] = mapped_column(sa.BigInteger)


class Book(Base):
    """One row, locked by whoever moves money between the town's own accounts: no two can spend the same yen."""

    __tablename__ = "fund_books"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    summed_through: Mapped[int] = mapped_column(default=0)
    """The last posting that is in the subtotals."""


class Subtotal(Base):
    """小計: yen, debit positive, of all postings of a kind and a month up to `Book.summed_through` (subtotals.py)."""

    __tablename__ = "fund_subtotals"

    kind: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    month: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    """In Japan, in which it happened; not that in which it is booked."""
    account: Mapped[Account] = state_column(Account, name="account", primary_key=True)
    yen: Mapped[int] = mapped_column(sa.BigInteger)


class Assessment(Base):
    """調定: somebody was told to pay a sum, before they did. What is sold at once is assessed when it is paid."""

    __tablename__ = "assessments"
    __table_args__ = (
        sa.CheckConstraint("yen > 0", name="yen_positive"),
        sa.Index("ix_assessments_fiscal_year", "fiscal_year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(64), unique=True)
    yen: Mapped[int]
    assessed_at: Mapped[datetime]
    fiscal_year: Mapped[int]
    """Of the assessment; where it was paid after that year's books had closed, of the payment (収入未済の繰越)."""
    dropped_at: Mapped[datetime | None]
    """The claim fell away: not paid in time, or cancelled."""


class PeriodState(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    """One person asks for the close; it is open still."""
    CLOSED = "books_closed"
    REOPENING = "reopening"
    """One person asks to open it again; it is closed still."""


CLOSED = (PeriodState.CLOSED, PeriodState.REOPENING)


class Period(TwoPersons, Base):
    """A month ("2026-11") or a fiscal year ("FY2026") that was closed, or is about to be. No row: it is open."""

    __tablename__ = "fund_periods"
    __table_args__ = (two_persons(),)
    MOVES: ClassVar[Machine[PeriodState]] = Machine(
        {
            "period.ask_to_close": {PeriodState.OPEN: PeriodState.CLOSING},
            "period.close": {PeriodState.CLOSING: PeriodState.CLOSED},
            "period.leave_open": {PeriodState.CLOSING: PeriodState.OPEN},
            "period.ask_to_reopen": {PeriodState.CLOSED: PeriodState.REOPENING},
            "period.reopen": {PeriodState.REOPENING: PeriodState.OPEN},
            "period.leave_closed": {PeriodState.REOPENING: PeriodState.CLOSED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(7), unique=True)
    state: Mapped[PeriodState] = state_column(PeriodState)
    totals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Yen on every account at the close, as statements.py counted them."""
    closed_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"period:{self.name}"

    @property
    def is_closed(self) -> bool:
        return self.state in CLOSED


class DecisionKind(StrEnum):
    PLAN = "plan"
    RECOGNISE = "recognise"
    SET_ASIDE = "set_aside"
    PAY_IN = "pay_in"
    SPEND = "spend"
    UNDO = "undo"

    @property
    def ja(self) -> str:
        return KIND_JA[self]


KIND_JA = {
    DecisionKind.PLAN: "使いみちの予定（予算）",
    DecisionKind.RECOGNISE: "歳入にする",
    DecisionKind.SET_ASIDE: "積み立てると決める",
    DecisionKind.PAY_IN: "基金に入れる",
    DecisionKind.SPEND: "基金から使う",
    DecisionKind.UNDO: "前の決定を取り消す",
}


IS_ASKED = sa.text("state = 'asked' AND kind <> 'undo'")
_STANDS = sa.text("state IN ('asked', 'approved')")


class DecisionState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"
    """It was wrong, and another one says so. See undoing.py."""


class Decision(TwoPersons, Base):
    """What the town decides of its money: written by one person, approved by another, and booked once with that."""

    __tablename__ = "fund_decisions"
    __table_args__ = (
        two_persons(),
        sa.CheckConstraint("yen > 0", name="yen_positive"),
        sa.CheckConstraint("state <> 'approved' OR decided_by IS NOT NULL", name="approved_by_somebody"),
        sa.CheckConstraint("kind NOT IN ('plan', 'spend') OR purpose <> ''", name="money_has_its_purpose"),
        sa.Index("ix_fund_decisions_state", "state", "id"),
        sa.Index(
            "uq_fund_decisions_same_waits_once",
            *("kind", "yen", "on", "fiscal_year", "document", "purpose"),
            unique=True,
            sqlite_where=IS_ASKED,
            postgresql_where=IS_ASKED,
        ),
        sa.Index(
            "uq_fund_decisions_undone_once", "undoes_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS
        ),
        sa.CheckConstraint("(kind = 'undo') = (undoes_id IS NOT NULL)", name="an_undoing_has_what_it_undoes"),
    )
    MOVES: ClassVar[Machine[DecisionState]] = Machine(
        {
            "decision.approve": {DecisionState.ASKED: DecisionState.APPROVED},
            "decision.withdraw": {DecisionState.ASKED: DecisionState.WITHDRAWN},
            "decision.undo": {DecisionState.APPROVED: DecisionState.UNDONE},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("FND"))
    kind: Mapped[DecisionKind] = state_column(DecisionKind, name="kind")
    state: Mapped[DecisionState] = state_column(DecisionState)
    yen: Mapped[int]
    on: Mapped[date]
    """When it was decided or paid."""
    fiscal_year: Mapped[int]
    purpose: Mapped[str] = mapped_column(sa.String(80), default="")
    """What for, as the public reads it: the same words in a plan and in its spendings."""
    document: Mapped[str] = mapped_column(sa.String(120))
    """The paper behind it: 「議案第12号」「支出命令書 第34号」."""
    undoes_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fund_decisions.id"))
    undoes: Mapped[Decision | None] = relationship(remote_side="Decision.id")

    @property
    def subject(self) -> str:
        return f"decision:{self.code}"

    @property
    def key(self) -> str:
        """Of its posting."""
        return f"{self.kind}:{self.code}"


class Explanation(Base):
    """What staff found behind a difference between our book and Stripe's or the bank's; it is settled by that."""

    __tablename__ = "fund_explanations"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    """Of the difference, see differences.py."""
    words: Mapped[str] = mapped_column(sa.String(300))
    by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    at: Mapped[datetime]
