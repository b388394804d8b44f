"""What two persons decide about a listing: each text that was submitted, each change of the sale, its end."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class Version(Base):
    """The text of a listing as it was handed to an approver, kept for the next one to compare with."""

    __tablename__ = "listing_versions"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "number", name="uq_listing_versions_number"),
        sa.CheckConstraint("number >= 1", name="version_from_one"),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> submitted_by", name="decided_by_another_person"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    number: Mapped[int]
    facts: Mapped[dict[str, Any]]
    """facts.facts() of that moment."""
    fingerprint: Mapped[str] = mapped_column(sa.String(71))
    submitted_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    submitted_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    """Who approved it or sent it back, and so has seen it."""


class CancellationState(StrEnum):
    REQUESTED = "requested"
    DONE = "done"
    WITHDRAWN = "withdrawn"


IS_REQUESTED = sa.text("state = 'requested'")


class Cancellation(Base):
    """Somebody asks for the end of a sale; somebody else agrees, once money has moved."""

    __tablename__ = "listing_cancellations"
    __table_args__ = (
        sa.Index(
            "uq_listing_cancellations_one_waits",
            "listing_id",
            unique=True,
            sqlite_where=IS_REQUESTED,
            postgresql_where=IS_REQUESTED,
        ),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> requested_by", name="cancelled_by_another_person"),
        sa.CheckConstraint("state <> 'done' OR NOT money_moved OR approved_by IS NOT NULL", name="money_takes_two"),
    )
    MOVES: ClassVar[Machine[CancellationState]] = Machine(
        {
            "approve": {CancellationState.REQUESTED: CancellationState.DONE},
            "withdraw": {CancellationState.REQUESTED: CancellationState.WITHDRAWN},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    state: Mapped[CancellationState] = state_column(CancellationState)
    why: Mapped[str] = mapped_column(sa.Text)
    """The public reads it once the sale is cancelled."""
    money_moved: Mapped[bool] = mapped_column(default=False)
    requested_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    requested_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"cancellation:{self.id}"


class AmendmentState(StrEnum):
    PROPOSED = "proposed"
    PUBLISHED = "published"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


IS_PROPOSED = sa.text("state = 'proposed'")


class SaleAmendment(Base):
    """変更公告: some fields of an approved sale change, in the open, by two persons."""

    __tablename__ = "listing_amendments"
    __table_args__ = (
        sa.Index(
            "uq_listing_amendments_one_waits",
            "listing_id",
            unique=True,
            sqlite_where=IS_PROPOSED,
            postgresql_where=IS_PROPOSED,
        ),
        sa.UniqueConstraint("listing_id", "number", name="uq_listing_amendments_number"),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> drafted_by", name="amended_by_two"),
        sa.CheckConstraint("(state = 'published') = (number IS NOT NULL)", name="published_has_a_number"),
        sa.CheckConstraint("state <> 'published' OR approved_by IS NOT NULL", name="no_change_unapproved"),
    )
    MOVES: ClassVar[Machine[AmendmentState]] = Machine(
        {
            "approve": {AmendmentState.PROPOSED: AmendmentState.PUBLISHED},
            "send_back": {AmendmentState.PROPOSED: AmendmentState.RETURNED},
            "withdraw": {AmendmentState.PROPOSED: AmendmentState.WITHDRAWN},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    state: Mapped[AmendmentState] = state_column(AmendmentState)
    number: Mapped[int | None]
    """Which of the sale it is, from 1, once it is published."""
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    """The fields that change, as facts.facts() has them."""
    why: Mapped[str] = mapped_column(sa.Text)
    drafted_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    drafted_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    returned_note: Mapped[str] = mapped_column(sa.Text, default="")
    text_hash: Mapped[str | None] = mapped_column(sa.String(71))
    """Listing.text_hash from then on."""

    @property
    def subject(self) -> str:
        return f"sale_amendment:{self.id}"
