"""Where a partner wants to hear of us, and each message that went there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.second_person import TwoPersons, two_persons
from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class EndpointState(StrEnum):
    PROPOSED = "proposed"
    ACTIVE = "active"
    STOPPED = "stopped"
    ENDED = "ended"

    @property
    def ja(self) -> str:
        return ENDPOINT_JA[self]


ENDPOINT_JA = {
    EndpointState.PROPOSED: "承認待ち",
    EndpointState.ACTIVE: "送っています",
    EndpointState.STOPPED: "止めています",
    EndpointState.ENDED: "終わり",
}


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"

    @property
    def ja(self) -> str:
        return DELIVERY_JA[self]


DELIVERY_JA = {
    DeliveryState.WAITING: "送信待ち",
    DeliveryState.DELIVERED: "届きました",
    DeliveryState.FAILED: "届きませんでした",
}


class Endpoint(TwoPersons, Base):
    """An address of a partner: one member of staff proposes it, another approves."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        two_persons(),
        sa.CheckConstraint("state NOT IN ('active', 'stopped') OR decided_by IS NOT NULL", name="approved_before_use"),
        sa.CheckConstraint("edition >= 0", name="edition_counted"),
        sa.CheckConstraint("state <> 'stopped' OR stopped_why <> ''", name="stopped_for_a_reason"),
    )
    MOVES: ClassVar[Machine[EndpointState]] = Machine(
        {
            "approve_webhook": {EndpointState.PROPOSED: EndpointState.ACTIVE},
            "stop_webhook": {EndpointState.ACTIVE: EndpointState.STOPPED},
            "resume_webhook": {EndpointState.STOPPED: EndpointState.ACTIVE},
            "end_webhook": {
                EndpointState.PROPOSED: EndpointState.ENDED,
                EndpointState.ACTIVE: EndpointState.ENDED,
                EndpointState.STOPPED: EndpointState.ENDED,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("WHK"))
    name: Mapped[str] = mapped_column(sa.String(80))
    """Of the partner: a company or an association."""
    url: Mapped[str] = mapped_column(sa.String(500))
    topics: Mapped[list[Any]]
    state: Mapped[EndpointState] = state_column(EndpointState)
    edition: Mapped[int] = mapped_column(default=0)
    """Of the secret; 0 before there is one. The secret itself is kept nowhere: see signing.py."""
    renewed_at: Mapped[datetime | None]
    """When the secret became this edition; for a day the one before signs too."""
    stopped_why: Mapped[str] = mapped_column(sa.String(300), default="")
    resumed: Mapped[int] = mapped_column(default=0)

    @property
    def subject(self) -> str:
        return f"webhook:{self.code}"

    @property
    def sends(self) -> bool:
        return self.state == EndpointState.ACTIVE and self.edition > 0


class Delivery(Base):
    """One message for one endpoint. What was said stays as it was said, however often it is sent."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        sa.UniqueConstraint("endpoint_id", "key", name="uq_webhook_deliveries_once"),
        sa.CheckConstraint("attempts >= 0 AND replays >= 0", name="attempts_counted"),
        sa.CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at_a_moment"),
        sa.Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
    )
    MOVES: ClassVar[Machine[DeliveryState]] = Machine(
        {
            "deliver_webhook": {DeliveryState.WAITING: DeliveryState.DELIVERED},
            "give_up_webhook": {DeliveryState.WAITING: DeliveryState.FAILED},
            "replay_webhook": {
                DeliveryState.DELIVERED: DeliveryState.WAITING,
                DeliveryState.FAILED: DeliveryState.WAITING,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(32), unique=True, default=lambda: public_code("MSG", 16))
    """The `webhook-id`: the same in each attempt, so that the receiver knows a message that comes twice."""
    endpoint_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook_endpoints.id"))
    endpoint: Mapped[Endpoint] = relationship(lazy="joined", innerjoin=True)
    topic: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(120))
    """Of the fact: what is heard twice is one message."""
    body: Mapped[str] = mapped_column(sa.Text)
    said_at: Mapped[datetime]
    state: Mapped[DeliveryState] = state_column(DeliveryState)
    attempts: Mapped[int] = mapped_column(default=0)
    replays: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    answered: Mapped[int | None]
    """HTTP status of the last attempt; None where nobody answered."""
    trouble: Mapped[str] = mapped_column(sa.String(200), default="")
    delivered_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"delivery:{self.code}"
