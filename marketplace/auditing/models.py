"""What was put together for auditors."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.listings.models import Listing


class EvidenceState(StrEnum):
    ASKED = "asked"
    READY = "ready"


class Evidence(Base):
    """All that proves how one sale went, as one file; the newest that was asked for."""

    __tablename__ = "evidence"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", name="uq_evidence_one_per_listing"),
        sa.CheckConstraint("done BETWEEN 0 AND steps", name="done_within_steps"),
        sa.CheckConstraint("state <> 'ready' OR (sha256 IS NOT NULL AND ready_at IS NOT NULL)", name="ready_is_there"),
    )
    MOVES: ClassVar[Machine[EvidenceState]] = Machine(
        {
            "collect": {EvidenceState.READY: EvidenceState.ASKED},
            "complete": {EvidenceState.ASKED: EvidenceState.READY},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    listing: Mapped[Listing] = relationship()
    state: Mapped[EvidenceState] = state_column(EvidenceState)
    asks: Mapped[int] = mapped_column(default=1)
    """How often it was asked for: the news of an older time is passed over."""
    done: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int]
    asked_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    size: Mapped[int | None]
    """Bytes."""

    @property
    def subject(self) -> str:
        return f"evidence:{self.listing.code}"


class EvidenceFile(Base):
    """The bytes; apart, so that looking at the row does not read them."""

    __tablename__ = "evidence_files"

    evidence_id: Mapped[int] = mapped_column(sa.ForeignKey("evidence.id"), primary_key=True)
    data: Mapped[bytes]
