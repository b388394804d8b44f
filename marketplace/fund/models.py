"""The journal of the fund: postings whose lines sum to zero."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.db import Base, state_column


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
}


class Posting(Base):
    """One thing that happened to money. Written once, never changed; a mistake is undone by another posting."""

    __tablename__ = "postings"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    """Stripe's balance transaction (txn_…), or the number of the town's own decision."""
    kind: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[datetime]
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
