"""What goes back to who paid, by Stripe, by the town's bank or by a dispute."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.payments.models import Payment


class RefundState(StrEnum):
    PROMISED = "promised"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETRIED = "retried"
    """Failed, or was not paid after all, and another refund has taken its place."""
    BY_BANK = "by_bank"
    """Failed at Stripe, and paid by the town's bank instead."""
    BY_DISPUTE = "by_dispute"
    """Failed at Stripe, and the payer has the same yen by a dispute. See squaring.py."""
    LET_BE = "let_be"
    """Made by hand at Stripe, and called off there or not taken by the card: the town had not promised it."""


REFUND_MOVES = Machine[RefundState](
    {
        "refund.send": {RefundState.PROMISED: RefundState.SENT},
        "refund.succeed": {RefundState.PROMISED: RefundState.SUCCEEDED, RefundState.SENT: RefundState.SUCCEEDED},
        # Even afterwards: the payer's bank may return the money (Stripe's refund.failed).
        "refund.fail": dict.fromkeys(
            (RefundState.PROMISED, RefundState.SENT, RefundState.SUCCEEDED), RefundState.FAILED
        ),
        "refund.retry": {RefundState.FAILED: RefundState.RETRIED},
        "refund.pay_by_bank": {RefundState.FAILED: RefundState.BY_BANK},
        # It was written down by mistake: another refund, owed still, takes its place.
        "refund.not_paid": {RefundState.BY_BANK: RefundState.RETRIED},
        "refund.take_back": {RefundState.FAILED: RefundState.BY_DISPUTE},
        "refund.let_be": {RefundState.FAILED: RefundState.LET_BE},
        # The payer withdrew the dispute after all: the town has the yen again, and owes them.
        "refund.owe_again": {RefundState.BY_DISPUTE: RefundState.FAILED},
    }
)


class Refund(Base):
    """Money that goes back: written down first, then asked of Stripe under a key that can't be done twice."""

    __tablename__ = "refunds"
    __table_args__ = (
        sa.CheckConstraint("yen > 0", name="yen_positive"),
        sa.CheckConstraint("purpose IN ('payment', 'deposit')", name="out_of_one_account"),
    )
    MOVES: ClassVar[Machine[Any]] = REFUND_MOVES

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    payment: Mapped[Payment] = relationship()
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    yen: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(200))
    purpose: Mapped[str] = mapped_column(sa.String(16))
    """"deposit": out of custody. "payment": of what was collected, also where a deposit had been applied to a price."""
    by_hand: Mapped[bool] = mapped_column(default=False)
    """Made at Stripe itself, past the town. See noticing.py."""
    state: Mapped[RefundState] = state_column(RefundState)
    stripe_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    balance_txn_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    booked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return self.payment.subject

    @property
    def next_key(self) -> str:
        """Of the refund that takes its place."""
        return f"{self.key.partition('#')[0]}#{self.id}"


BACK = (RefundState.SUCCEEDED, RefundState.BY_BANK, RefundState.BY_DISPUTE)
"""How a refund ends with whoever paid."""
VOID = (RefundState.RETRIED, RefundState.LET_BE)
"""How one ends of which nothing is owed, and nothing has gone."""
