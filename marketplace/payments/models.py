"""What was asked of Stripe, what Stripe said, what goes back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class PaymentState(StrEnum):
    ASKED = "asked"
    OPEN = "open"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    EXPIRED = "expired"
    FAILED = "failed"
    NEEDS_REVIEW = "needs_review"


ASKED, OPEN, PROCESSING, SUCCEEDED, EXPIRED, FAILED, NEEDS_REVIEW = PaymentState
UNDER_WAY = (ASKED, OPEN, PROCESSING)

PAYMENT_MOVES = Machine[PaymentState](
    {
        "payment.open": {ASKED: OPEN},
        "payment.process": {ASKED: PROCESSING, OPEN: PROCESSING},
        # Money wins over everything that an older look at Stripe has said.
        "payment.succeed": dict.fromkeys((ASKED, OPEN, PROCESSING, EXPIRED, FAILED), SUCCEEDED),
        "payment.expire": {ASKED: EXPIRED, OPEN: EXPIRED},
        "payment.fail": dict.fromkeys(UNDER_WAY, FAILED),
        "payment.question": dict.fromkeys((ASKED, OPEN, PROCESSING, EXPIRED, FAILED), NEEDS_REVIEW),
    }
)
_ONE_UNDER_WAY = sa.text("state IN ('asked', 'open', 'processing')")


class Payment(Base):
    """One Checkout Session of Stripe. Every parameter of its creation is written down before Stripe hears of it."""

    __tablename__ = "payments"
    __table_args__ = (
        sa.UniqueConstraint("subject", "n", name="uq_payments_attempt"),
        sa.Index(
            "uq_payments_one_under_way",
            "subject",
            unique=True,
            sqlite_where=_ONE_UNDER_WAY,
            postgresql_where=_ONE_UNDER_WAY,
        ),
        sa.CheckConstraint("yen BETWEEN 50 AND 99999999", name="yen_that_stripe_takes"),
        sa.CheckConstraint("refunded_yen BETWEEN 0 AND yen", name="refunded_within_paid"),
        sa.CheckConstraint("fee_yen IS NULL OR fee_yen >= 0", name="fee_not_negative"),
        sa.CheckConstraint("state <> 'succeeded' OR payment_intent_id IS NOT NULL", name="succeeded_by_an_intent"),
    )
    MOVES: ClassVar[Machine[Any]] = PAYMENT_MOVES

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(64))
    """Whose payment it is, in the words of whoever asked: "order:ORD-7K3M9QXA"."""
    n: Mapped[int]
    """The first, second, … attempt for the subject."""
    yen: Mapped[int]
    description: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(254))
    state: Mapped[PaymentState] = state_column(PaymentState)
    params: Mapped[dict[str, Any]]
    idempotency_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    """Also the session's client_reference_id, by which a session is found again."""
    session_id: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    payment_intent_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    url: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    balance_txn_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    fee_yen: Mapped[int | None]
    refunded_yen: Mapped[int] = mapped_column(default=0)
    """What has gone back, or is on its way back."""
    dispute: Mapped[str | None] = mapped_column(sa.String(32))
    """What the payer's bank says where the payer objects: needs_response, under_review, won, lost, …"""


class RefundState(StrEnum):
    PROMISED = "promised"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_MOVES = Machine[RefundState](
    {
        "refund.send": {RefundState.PROMISED: RefundState.SENT},
        "refund.succeed": {RefundState.PROMISED: RefundState.SUCCEEDED, RefundState.SENT: RefundState.SUCCEEDED},
        # Even afterwards: the payer's bank may return the money (Stripe's refund.failed).
        "refund.fail": dict.fromkeys(
            (RefundState.PROMISED, RefundState.SENT, RefundState.SUCCEEDED), RefundState.FAILED
        ),
    }
)


class Refund(Base):
    """Money that goes back: written down first, then asked of Stripe under a key that can't be done twice."""

    __tablename__ = "refunds"
    __table_args__ = (sa.CheckConstraint("yen > 0", name="yen_positive"),)
    MOVES: ClassVar[Machine[Any]] = REFUND_MOVES

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    payment: Mapped[Payment] = relationship()
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    yen: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[RefundState] = state_column(RefundState)
    stripe_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    balance_txn_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return self.payment.subject


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
    """"webhook", or "reconciler" where the webhook had been lost."""


class Cursor(Base):
    """How far a list at Stripe has been read: seconds since 1970 by Stripe's clock."""

    __tablename__ = "stripe_cursors"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    seconds: Mapped[int]
