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
    ASKED = "asked"
    """Somebody wants it sent; another one is to read it first."""
    SENDING = "sending"
    SENT = "sent"

    @property
    def ja(self) -> str:
        return {"draft": "下書き", "asked": "確認待ち", "sending": "送っています", "sent": "送りました"}[self]


class Circular(Base):
    """お知らせ to the present holders of some rights (of any, where none is named)."""

    __tablename__ = "circulars"
    __table_args__ = (
        sa.CheckConstraint("(state IN ('draft', 'asked')) = (sent_at IS NULL)", name="sent_at_a_moment"),
        sa.CheckConstraint("(sent_at IS NULL) = (sent_by IS NULL)", name="sent_by_somebody"),
        sa.CheckConstraint("state <> 'draft' OR asked_by IS NULL", name="asked_of_what_stands_there"),
        sa.CheckConstraint("state <> 'asked' OR asked_by IS NOT NULL", name="asked_by_somebody"),
        sa.CheckConstraint("sent_by <> asked_by", name="by_two_persons"),
    )
    MOVES: ClassVar[Machine[CircularState]] = Machine(
        {
            "ask_circular": {CircularState.DRAFT: CircularState.ASKED},
            "revise_circular": {CircularState.DRAFT: CircularState.DRAFT, CircularState.ASKED: CircularState.DRAFT},
            "send_circular": {CircularState.DRAFT: CircularState.SENDING, CircularState.ASKED: CircularState.SENDING},
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
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    """Who asked another one to send it as it stands."""
    sent_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
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
