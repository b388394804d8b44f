"""What was asked of Stripe, and what Stripe said."""

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
    HELD = "held"
    RELEASED = "released"
    CAPTURED = "captured"
    LOST = "lost"


ASKED, OPEN, PROCESSING, SUCCEEDED, EXPIRED, FAILED, NEEDS_REVIEW, HELD, RELEASED, CAPTURED, LOST = PaymentState
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
        # Money that is only held; what Stripe says of its end is the end, seen before or not.
        "payment.hold": dict.fromkeys((ASKED, OPEN, PROCESSING, EXPIRED, FAILED), HELD),
        "payment.release": dict.fromkeys((ASKED, OPEN, PROCESSING, HELD), RELEASED),
        "payment.capture": dict.fromkeys((ASKED, OPEN, PROCESSING, HELD, LOST), CAPTURED),
        "payment.lose": dict.fromkeys((ASKED, OPEN, PROCESSING, HELD), LOST),
    }
)


class Way(StrEnum):
    """How the money comes."""

    PAGE = "page"
    """The payer pays on Stripe's page."""
    HOLD = "hold"
    """The payer's bank sets the sum aside on Stripe's page; it is taken later, or never. See Hold."""
    CARD = "card"
    """A card that was saved before is charged, the payer away. See SavedCard."""


_ONE_UNDER_WAY = sa.text("state IN ('asked', 'open', 'processing')")
IS_HELD = sa.text("state = 'held'")
"""As the index says it: SQLite takes one of some rows only where it reads the same words."""


class Payment(Base):
    """One Checkout Session of Stripe, or one charge of a saved card.

    Every parameter of its creation is written down before Stripe hears of it.
    """

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
        sa.Index("ix_payments_held", "yen", sqlite_where=IS_HELD, postgresql_where=IS_HELD),
        sa.CheckConstraint("yen BETWEEN 50 AND 99999999", name="yen_that_stripe_takes"),
        sa.CheckConstraint("refunded_yen BETWEEN 0 AND yen", name="refunded_within_paid"),
        sa.CheckConstraint("fee_yen IS NULL OR fee_yen >= 0", name="fee_not_negative"),
        sa.CheckConstraint("state <> 'succeeded' OR payment_intent_id IS NOT NULL", name="succeeded_by_an_intent"),
        sa.CheckConstraint(
            "state NOT IN ('held', 'released', 'captured', 'lost') OR way = 'hold'", name="only_holds_are_held"
        ),
        sa.CheckConstraint("state <> 'succeeded' OR way <> 'hold'", name="a_hold_is_captured"),
        sa.CheckConstraint("(way = 'card') = (saved_card_id IS NOT NULL)", name="a_charge_has_its_card"),
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
    way: Mapped[Way] = state_column(Way, name="way")
    saved_card_id: Mapped[int | None] = mapped_column(sa.ForeignKey("saved_cards.id"), index=True)
    params: Mapped[dict[str, Any]]
    idempotency_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    """Also the session's client_reference_id, by which a session is found again."""
    session_id: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    payment_intent_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    url: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    balance_txn_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    booked_at: Mapped[datetime | None]
    """When Stripe booked that transaction, which may be days before we heard of it."""
    fee_yen: Mapped[int | None]
    refunded_yen: Mapped[int] = mapped_column(default=0)
    """What has gone back, or is on its way back."""
    dispute: Mapped[str | None] = mapped_column(sa.String(32))
    """What the payer's bank says where the payer objects: needs_response, under_review, won, lost, …"""
    refusal: Mapped[str | None] = mapped_column(sa.String(64))
    """Why the payer's bank refused the last try, in Stripe's word: card_declined, authentication_required, …"""


class Ending(StrEnum):
    RELEASE = "release"
    CAPTURE = "capture"


class Hold(Base):
    """What a payment of the way "hold" has besides: until when the bank keeps the sum, and what was decided of it.

    One decision for each hold. https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
    """

    __tablename__ = "holds"
    __table_args__ = (
        sa.CheckConstraint(
            "(ending IS NOT NULL AND ending = 'capture') = (ending_yen IS NOT NULL)", name="a_capture_has_its_sum"
        ),
        sa.CheckConstraint("(ending IS NULL) = (ending_key IS NULL)", name="a_decision_has_its_key"),
        sa.CheckConstraint("ending_yen > 0", name="ending_yen_positive"),
    )

    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payments.id"), primary_key=True)
    payment: Mapped[Payment] = relationship()
    capture_before: Mapped[datetime | None]
    """Afterwards nothing can be taken any more, by the payer's bank."""
    ending: Mapped[Ending | None] = state_column(Ending, name="ending", nullable=True)
    ending_yen: Mapped[int | None]
    ending_key: Mapped[str | None] = mapped_column(sa.String(120))
    ending_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    captured_yen: Mapped[int | None]


class CardState(StrEnum):
    ASKED = "asked"
    OPEN = "open"
    SAVED = "saved"
    CHARGING = "charging"
    USED = "used"
    DECLINED = "card_declined"
    DETACHED = "detached"
    FAILED = "failed"


CARD_MOVES = Machine[CardState](
    {
        "card.open": {CardState.ASKED: CardState.OPEN},
        "card.save": dict.fromkeys((CardState.ASKED, CardState.OPEN, CardState.FAILED), CardState.SAVED),
        "card.fail": dict.fromkeys((CardState.ASKED, CardState.OPEN), CardState.FAILED),
        "card.ask_again": dict.fromkeys((CardState.FAILED, CardState.DETACHED), CardState.ASKED),
        "card.charge": {CardState.SAVED: CardState.CHARGING},
        "card.spare": {CardState.CHARGING: CardState.SAVED},
        "card.use": {CardState.CHARGING: CardState.USED},
        "card.decline": {CardState.CHARGING: CardState.DECLINED},
        "card.detach": dict.fromkeys(
            (CardState.FAILED, CardState.SAVED, CardState.USED, CardState.DECLINED), CardState.DETACHED
        ),
    }
)


class SavedCard(Base):
    """A card that Stripe keeps for one later charge. Ours are only the face and the fingerprint, never the number.

    https://docs.stripe.com/payments/save-and-reuse
    """

    __tablename__ = "saved_cards"
    __table_args__ = (
        sa.CheckConstraint(
            "state NOT IN ('saved', 'charging', 'used', 'card_declined') OR (method_id IS NOT NULL"
            " AND fingerprint IS NOT NULL AND customer_id IS NOT NULL)",
            name="saved_with_its_face",
        ),
        sa.Index("ix_saved_cards_fingerprint", "fingerprint"),
    )
    MOVES: ClassVar[Machine[Any]] = CARD_MOVES

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """What it is saved for, in the words of whoever asked: "entry:ENT-7K3M9QXA"."""
    n: Mapped[int]
    """The first, second, … time that it was asked for; each has a page of its own."""
    state: Mapped[CardState] = state_column(CardState)
    leaving: Mapped[bool] = mapped_column(default=False)
    """Whether it is to be detached as soon as that is possible."""
    description: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(254))
    params: Mapped[dict[str, Any]]
    idempotency_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    customer_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    session_id: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    url: Mapped[str | None] = mapped_column(sa.Text)
    method_id: Mapped[str | None] = mapped_column(sa.String(64))
    fingerprint: Mapped[str | None] = mapped_column(sa.String(64))
    brand: Mapped[str | None] = mapped_column(sa.String(32))
    last4: Mapped[str | None] = mapped_column(sa.String(4))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    saved_at: Mapped[datetime | None]
