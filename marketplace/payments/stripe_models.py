"""What Stripe said, as it said it: its news, the lines of its balance, its payouts, its disputes.

Kept beside what we wrote ourselves, so that the two can be compared without asking Stripe again.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.db import Base
from marketplace.payments.models import Payment


class StripeEvent(Base):
    """News from Stripe: only what it is about, not what it says. The object itself is read again, and Stripe keeps the
    whole event for thirty days; so no name or address is stored here."""

    __tablename__ = "stripe_events"

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    about: Mapped[dict[str, Any]]
    """{"object", "id", "reference", "payment_intent"}: the object's type and id, our reference, its intent."""
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    via: Mapped[str] = mapped_column(sa.String(16))
    """"webhook", or "reconciler" where the webhook had been lost; "first_look" where nobody can say, since the town had
    not looked before: what was there already, from before its web was up, is no loss."""


class Cursor(Base):
    """How far a list at Stripe has been read: seconds since 1970 by Stripe's clock."""

    __tablename__ = "stripe_cursors"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    seconds: Mapped[int]


class Payout(Base):
    """A transfer of Stripe to the town's bank, and what the treasury found on the bank's statement.

    https://docs.stripe.com/api/payouts/object
    """

    __tablename__ = "stripe_payouts"
    __table_args__ = (
        sa.CheckConstraint("(bank_yen IS NULL) = (confirmed_at IS NULL)", name="confirmed_with_its_sum"),
        sa.CheckConstraint("(bank_yen IS NULL) = (confirmed_by IS NULL)", name="confirmed_by_somebody"),
        sa.CheckConstraint("(bank_yen IS NULL) = (bank_on IS NULL)", name="confirmed_with_its_day"),
        sa.CheckConstraint("bank_yen >= 0", name="bank_yen_not_negative"),
    )

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    yen: Mapped[int]
    """Negative where Stripe takes money from the bank, since more went back than came."""
    status: Mapped[str] = mapped_column(sa.String(32))
    """Stripe's word: pending, in_transit, paid, failed, canceled."""
    failure: Mapped[str] = mapped_column(sa.String(64), default="")
    created_at: Mapped[datetime]
    arrives_on: Mapped[date]
    """By the calendar in Japan."""
    bank_yen: Mapped[int | None]
    """What stands on the bank's statement; None until somebody looked."""
    bank_on: Mapped[date | None]
    bank_note: Mapped[str] = mapped_column(sa.String(200), default="")
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    confirmed_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"payout:{self.id}"

    @property
    def failed(self) -> bool:
        return self.status in ("failed", "canceled")


class BalanceLine(Base):
    """A balance transaction. Stripe never changes one; only its payout is known later.

    https://docs.stripe.com/api/balance_transactions/object
    """

    __tablename__ = "stripe_balance_lines"
    __table_args__ = (sa.Index("ix_stripe_balance_lines_at", "at"),)

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    gross_yen: Mapped[int]
    fee_yen: Mapped[int]
    at: Mapped[datetime]
    source: Mapped[str | None] = mapped_column(sa.String(64))
    """The charge, refund, dispute or payout behind it."""
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    """None: of no payer of ours."""
    payment: Mapped[Payment | None] = relationship()
    payout_id: Mapped[str | None] = mapped_column(sa.ForeignKey("stripe_payouts.id"), index=True)
    payout: Mapped[Payout | None] = relationship()

    @property
    def net_yen(self) -> int:
        return self.gross_yen - self.fee_yen


class Dispute(Base):
    """A payer's bank objects to a payment. https://docs.stripe.com/api/disputes/object"""

    __tablename__ = "stripe_disputes"
    __table_args__ = (
        sa.CheckConstraint("(submitted_at IS NULL) = (submitted_by IS NULL)", name="submitted_by_somebody"),
    )

    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    payment: Mapped[Payment] = relationship()
    yen: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(64))
    """Stripe's word: fraudulent, product_not_received, …"""
    status: Mapped[str] = mapped_column(sa.String(32))
    """Stripe's word: needs_response, under_review, won, lost, …; but see "blocked" below."""
    opened_at: Mapped[datetime]
    due_by: Mapped[datetime | None]
    """Until when the bank reads what we have to say."""
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))

    @property
    def subject(self) -> str:
        return f"dispute:{self.id}"

    @property
    def is_open(self) -> bool:
        return self.status not in DECIDED

    @property
    def took(self) -> bool:
        """Whether the payer has the money for good."""
        return self.status in GONE


KEPT = ("won", "warning_closed", "blocked")
"""How a dispute ends that leaves the money with the town, or brings it back.

What Stripe calls "prevented" is two things, told apart by the case type (dispute_outcome() in translating.py has the
words): a "resolution" gives the payer the money back by the town's own rule, a "block" ends before any money moves.
https://docs.stripe.com/changelog/basil/2025-08-27/add-preventions-to-dispute, https://docs.stripe.com/disputes/prevention-preview
"""
GONE = ("lost", "prevented")
"""How one ends that leaves the money with the payer."""
DECIDED = KEPT + GONE
"""What ends a dispute: https://docs.stripe.com/api/disputes/object#dispute_object-status"""
