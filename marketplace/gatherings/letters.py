"""Letters of the office to those who hold a right now, and who wants none."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class CircularState(StrEnum):
    DRAFT = "draft"
    SENDING = "sending"
    SENT = "sent"

    @property
    def ja(self) -> str:
        return {"draft": "下書き", "sending": "送っています", "sent": "送りました"}[self]


class Circular(Base):
    """お知らせ to the present holders of some rights (of any, where none is named)."""

    __tablename__ = "circulars"
    __table_args__ = (sa.CheckConstraint("(state = 'draft') = (sent_at IS NULL)", name="sent_at_a_moment"),)
    MOVES: ClassVar[Machine[CircularState]] = Machine(
        {
            "send_circular": {CircularState.DRAFT: CircularState.SENDING},
            "finish_circular": {CircularState.SENDING: CircularState.SENT},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("LET"))
    state: Mapped[CircularState] = state_column(CircularState)
    title: Mapped[str] = mapped_column(sa.String(80))
    body: Mapped[str] = mapped_column(sa.Text)
    right_ids: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"circular:{self.code}"


class CopyState(StrEnum):
    QUEUED = "queued"
    PROMISED = "promised"
    """Written to the post office, which has a log of its own."""
    SKIPPED = "skipped"
    """They want no letters."""


class Copy(Base):
    """One person's copy of a letter: one, whatever dies in the middle."""

    __tablename__ = "circular_copies"
    __table_args__ = (
        sa.UniqueConstraint("circular_id", "account_id", name="uq_circular_copies_once"),
        sa.Index("ix_circular_copies_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    circular_id: Mapped[int] = mapped_column(sa.ForeignKey("circulars.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    state: Mapped[CopyState] = state_column(CopyState)
    done_at: Mapped[datetime | None]
