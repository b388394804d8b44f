"""The register of receipts: one row for each document, one for each time that it was printed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.dates import fiscal_year_name
from marketplace.kit.db import Base, state_column
from marketplace.listings.models import Tax
from marketplace.orders.models import Order


class Series(Base):
    """The last number given in a budget and a fiscal year; its row is the lock of whoever takes the next."""

    __tablename__ = "receipt_series"
    __table_args__ = (sa.CheckConstraint("last >= 0", name="last_not_negative"),)

    budget: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


class Receipt(Base):
    """A receipt (領収書), or with `refund_id` a return invoice (適格返還請求書). What it says was fixed at its issue.

    It stands on the number before it in its series, so that the database itself refuses a gap.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        sa.UniqueConstraint("budget", "fiscal_year", "n", name="uq_receipts_number"),
        sa.ForeignKeyConstraint(
            ["budget", "fiscal_year", "before"],
            ["receipts.budget", "receipts.fiscal_year", "receipts.n"],
            name="fk_receipts_no_gap",
        ),
        sa.CheckConstraint("(n = 1 AND before IS NULL) OR (n > 1 AND before = n - 1)", name="follows_the_one_before"),
        sa.Index(
            "uq_receipts_one_for_each_order",
            "order_id",
            unique=True,
            sqlite_where=sa.text("refund_id IS NULL"),
            postgresql_where=sa.text("refund_id IS NULL"),
        ),
        sa.CheckConstraint("yen > 0", name="yen_positive"),
        sa.CheckConstraint("tax_yen >= 0 AND tax_yen < yen", name="tax_within_the_sum"),
        sa.CheckConstraint("tax = 'taxable_10' OR tax_yen = 0", name="only_the_taxable_is_taxed"),
        sa.CheckConstraint("deposit_yen >= 0 AND deposit_yen < yen", name="deposit_within_the_sum"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    budget: Mapped[str] = mapped_column(sa.String(16))
    fiscal_year: Mapped[int]
    n: Mapped[int]
    before: Mapped[int | None]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"))
    order: Mapped[Order] = relationship()
    refund_id: Mapped[int | None] = mapped_column(sa.ForeignKey("refunds.id"), unique=True)
    issued_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    """When the money came, or went back."""
    sold_at: Mapped[datetime]
    """When the price was paid: on a return invoice, the day of the sale that is undone."""
    title: Mapped[str] = mapped_column(sa.String(200))
    yen: Mapped[int]
    deposit_yen: Mapped[int] = mapped_column(default=0)
    """What of it was a bidder's deposit before."""
    tax: Mapped[Tax] = state_column(Tax, name="tax")
    tax_yen: Mapped[int]
    issuer: Mapped[str] = mapped_column(sa.String(80))
    budget_name: Mapped[str] = mapped_column(sa.String(80))
    registration: Mapped[str] = mapped_column(sa.String(14))
    """The budget's registration number on the day of the sale, or ""."""
    prints: Mapped[list[Print]] = relationship(order_by="Print.n", back_populates="receipt")

    @property
    def number(self) -> str:
        """'2026-general-000123': for addresses and files."""
        return f"{self.fiscal_year}-{self.budget}-{self.n:06}"

    @property
    def number_ja(self) -> str:
        """'令和8年度 一般会計 第123号': as it stands on the paper."""
        return f"{fiscal_year_name(self.fiscal_year)} {self.budget_name} 第{self.n}号"

    @property
    def kind_ja(self) -> str:
        if self.refund_id is None:
            return "領収書"
        return "適格返還請求書（返還インボイス）" if self.registration else "返金の明細書"


class Print(Base):
    """One copy: the first is the receipt, each later one is marked 再発行. The same copy is the same file for ever."""

    __tablename__ = "receipt_prints"
    __table_args__ = (
        sa.UniqueConstraint("receipt_id", "n", name="uq_receipt_prints_copy"),
        sa.CheckConstraint("n >= 1", name="n_from_one"),
        sa.CheckConstraint("addressee <> ''", name="to_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt_id: Mapped[int] = mapped_column(sa.ForeignKey("receipts.id"))
    receipt: Mapped[Receipt] = relationship(back_populates="prints")
    n: Mapped[int]
    addressee: Mapped[str] = mapped_column(sa.String(80))
    """With its 様 or 御中, as the buyer wished it on this copy."""
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(64))
    """'buyer:ACC-…' or 'staff:ACC-…'."""
