"""An order: one person, one unit, one sum, until it is in their hands or over."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Account
from marketplace.accounts.second_person import TwoPersons, two_persons
from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.listings.models import Listing, Unit


class Origin(StrEnum):
    FIXED = "fixed"
    LOTTERY = "lottery"
    AUCTION = "auction"
    GRANT = "grant"


class OrderState(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    PROCESSING = "processing"
    PAID = "paid"
    ISSUED = "issued"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"
    NEEDS_REVIEW = "needs_review"

    @property
    def ja(self) -> str:
        return STATE_JA[self]


STATE_JA = {
    OrderState.AWAITING_PAYMENT: "お支払い待ち",
    OrderState.PROCESSING: "お支払い確認中",
    OrderState.PAID: "発行中",
    OrderState.ISSUED: "お届けずみ",
    OrderState.EXPIRED: "期限切れ",
    OrderState.CANCELLED: "取り消し",
    OrderState.REFUND_PENDING: "返金の手続き中",
    OrderState.REFUNDED: "返金ずみ",
    OrderState.NEEDS_REVIEW: "役場で確認中",
}


class DepositEnd(StrEnum):
    """What became of the deposit that was taken for the price."""

    APPLIED = "applied"
    FORFEITED = "forfeited"
    RETURNED = "returned"


OPEN = (OrderState.AWAITING_PAYMENT, OrderState.PROCESSING)
"""The buyer still has something to do, or the bank has."""
LIVE = (*OPEN, OrderState.PAID, OrderState.ISSUED, OrderState.REFUND_PENDING, OrderState.NEEDS_REVIEW)
"""The person counts as having one."""

IS_OPEN = sa.text("state IN ('awaiting_payment', 'processing') AND origin <> 'lottery'")
"""One wish at a time; a lottery may let somebody and the mother for whom they applied win both."""
HAS_THE_UNIT = sa.text(
    "state IN ('awaiting_payment', 'processing', 'paid', 'issued', 'needs_review')"
    " OR (state = 'refund_pending' AND paid_at IS NOT NULL)"
)
"""Money that came too late is given back by an order whose unit may be somebody else's by now."""


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (
        sa.Index(
            "uq_orders_one_open_per_buyer_and_listing",
            "buyer_id",
            "listing_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        sa.Index(
            "uq_orders_one_live_per_unit",
            "unit_id",
            unique=True,
            sqlite_where=HAS_THE_UNIT,
            postgresql_where=HAS_THE_UNIT,
        ),
        sa.Index("ix_orders_state_pay_by", "state", "pay_by"),
        sa.Index("ix_orders_buyer", "buyer_id", "id"),
        sa.Index("ix_orders_listing", "listing_id"),
        sa.CheckConstraint("yen >= 0", name="yen_not_negative"),
        sa.CheckConstraint("state NOT IN ('paid', 'issued') OR paid_at IS NOT NULL", name="paid_at_some_time"),
        sa.CheckConstraint(
            "deposit_yen = 0 OR (deposit_yen BETWEEN 1 AND yen - 1 AND deposit_payment_id IS NOT NULL)",
            name="deposit_is_a_part_of_the_price",
        ),
        sa.CheckConstraint("deposit_end IS NULL OR deposit_payment_id IS NOT NULL", name="a_deposit_ends"),
        sa.CheckConstraint("deposit_end <> 'applied' OR deposit_yen > 0", name="applied_is_counted"),
    )
    MOVES: ClassVar[Machine[OrderState]] = Machine(
        {
            "process": {OrderState.AWAITING_PAYMENT: OrderState.PROCESSING},
            "wait_again": {OrderState.PROCESSING: OrderState.AWAITING_PAYMENT},
            "pay": {
                OrderState.AWAITING_PAYMENT: OrderState.PAID,
                OrderState.PROCESSING: OrderState.PAID,
                # Money wins: it may come after we gave up, while the unit can still be had.
                OrderState.EXPIRED: OrderState.PAID,
                OrderState.CANCELLED: OrderState.PAID,
            },
            "issue": {OrderState.PAID: OrderState.ISSUED},
            "expire": {OrderState.AWAITING_PAYMENT: OrderState.EXPIRED, OrderState.PROCESSING: OrderState.EXPIRED},
            "cancel": {OrderState.AWAITING_PAYMENT: OrderState.CANCELLED},
            "refund": {
                OrderState.PAID: OrderState.REFUND_PENDING,
                OrderState.EXPIRED: OrderState.REFUND_PENDING,
                OrderState.CANCELLED: OrderState.REFUND_PENDING,
                OrderState.NEEDS_REVIEW: OrderState.REFUND_PENDING,
                OrderState.ISSUED: OrderState.REFUND_PENDING,  # by two persons, see returning.py
            },
            "refunded": {OrderState.REFUND_PENDING: OrderState.REFUNDED},
            "question": {
                OrderState.AWAITING_PAYMENT: OrderState.NEEDS_REVIEW,
                OrderState.PROCESSING: OrderState.NEEDS_REVIEW,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("ORD"))
    buyer_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("units.id"))
    buyer: Mapped[Account] = relationship()
    listing: Mapped[Listing] = relationship()
    unit: Mapped[Unit] = relationship()
    yen: Mapped[int]
    origin: Mapped[Origin] = state_column(Origin, name="origin")
    state: Mapped[OrderState] = state_column(OrderState)
    pay_by: Mapped[datetime]
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    paid_by_payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payments.id"), unique=True)
    issued_at: Mapped[datetime | None]
    deposit_payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payments.id"), unique=True)
    """The winner's hold that is taken for the price, see deposits.py."""
    deposit_yen: Mapped[int] = mapped_column(default=0)
    """What it has paid of the price."""
    deposit_end: Mapped[DepositEnd | None] = state_column(DepositEnd, name="deposit_end", nullable=True)

    @property
    def rest_yen(self) -> int:
        """What is to be paid beside the deposit."""
        return self.yen - self.deposit_yen

    @property
    def back_yen(self) -> int:
        """What goes back where the money goes back; of one that was lost before the money came, not the deposit."""
        return self.yen if self.paid_at is not None else self.rest_yen

    @property
    def subject(self) -> str:
        return f"order:{self.code}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class Turn(Base):
    """順番: whose turn it is to order where a waiting room stands before a sale. Given by whoever calls people in."""

    __tablename__ = "turns"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "buyer_id", name="uq_turns_one_each"),
        sa.Index("ix_turns_ends", "listing_id", "ends_at"),
        sa.CheckConstraint("ends_at > begins_at", name="ends_after_it_begins"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    buyer_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """When its order was placed."""

    def good(self, at: datetime) -> bool:
        """Whether it leads to an order at this moment."""
        return self.used_at is None and self.ends_at > at


class RefundRequestState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


_ASKED = sa.text("state = 'asked'")


class RefundRequest(TwoPersons, Base):
    """Somebody asks that the money of an order goes back although its token was issued; somebody else decides."""

    __tablename__ = "refund_requests"
    __table_args__ = (
        two_persons(),
        sa.Index("uq_refund_requests_one_asked", "order_id", unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED),
        sa.CheckConstraint("state <> 'approved' OR decided_by IS NOT NULL", name="approved_by_somebody"),
    )
    MOVES: ClassVar[Machine[RefundRequestState]] = Machine(
        {
            "refund.approve": {RefundRequestState.ASKED: RefundRequestState.APPROVED},
            "refund.withdraw": {RefundRequestState.ASKED: RefundRequestState.WITHDRAWN},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    order: Mapped[Order] = relationship()
    state: Mapped[RefundRequestState] = state_column(RefundRequestState)

    @property
    def subject(self) -> str:
        return self.order.subject


def code_of(subject: str) -> str | None:
    """'order:ORD-…' → 'ORD-…'; None for what is no order."""
    kind, _, code = subject.partition(":")
    return code if kind == "order" else None
