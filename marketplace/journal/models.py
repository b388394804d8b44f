"""The journal: who moved what, from, to, when and why. Rows are never changed; they are chained by SHA-256."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import Base


class Entry(Base):
    """One move or note. `seq`, `prev` and `hash` are given when it is sealed, in the order of sealing."""

    __tablename__ = "journal"
    __table_args__ = (
        sa.UniqueConstraint("seq", name="uq_journal_seq"),
        sa.Index("ix_journal_subject", "subject", "id"),
        sa.Index(
            "ix_journal_unsealed",
            "id",
            sqlite_where=sa.text("seq IS NULL"),
            postgresql_where=sa.text("seq IS NULL"),
        ),
        sa.CheckConstraint("(seq IS NULL) = (hash IS NULL)", name="sealed_with_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(sa.String(64))
    event: Mapped[str] = mapped_column(sa.String(48))
    from_state: Mapped[str | None] = mapped_column(sa.String(32))
    to_state: Mapped[str | None] = mapped_column(sa.String(32))
    by: Mapped[str] = mapped_column(sa.String(64))
    why: Mapped[str] = mapped_column(sa.Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seq: Mapped[int | None]
    prev: Mapped[str | None] = mapped_column(sa.String(64))
    hash: Mapped[str | None] = mapped_column(sa.String(64))


class Head(Base):
    """The end of the chain; its one row is the lock of the sealer."""

    __tablename__ = "journal_head"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(sa.String(64), default="0" * 64)


class Day(Base):
    """The head of one day in Japan, see days.py. Never changed; it stands on chain as "journal:<day>"."""

    __tablename__ = "journal_days"
    __table_args__ = (
        sa.UniqueConstraint("seq", name="uq_journal_days_seq"),
        sa.CheckConstraint("seq >= 1", name="a_day_has_rows"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    seq: Mapped[int]
    """The number of the last row."""
    hash: Mapped[str] = mapped_column(sa.String(64))
    closed_at: Mapped[datetime]

    @property
    def name(self) -> str:
        """How it is called on chain."""
        return f"journal:{self.day.isoformat()}"
