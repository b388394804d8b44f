"""A promise made in a transaction and kept after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import Base

OPEN = sa.text("done_at IS NULL AND parked_at IS NULL")
NOT_DONE = sa.text("done_at IS NULL")


class Message(Base):
    """One row for each handler of each fact: one that fails is tried again alone."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_open", "due_at", sqlite_where=OPEN, postgresql_where=OPEN),
        sa.Index("ix_outbox_not_done", "said_at", sqlite_where=NOT_DONE, postgresql_where=NOT_DONE),
        sa.UniqueConstraint("key", name="uq_outbox_promise"),
        sa.CheckConstraint("attempts >= 0", name="attempts_counted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(sa.String(64))
    handler: Mapped[str] = mapped_column(sa.String(160))
    key: Mapped[str] = mapped_column(sa.String(320))
    body: Mapped[dict[str, Any]]
    request: Mapped[str | None] = mapped_column(sa.String(64))
    """The number of the request in which it was promised, so that the logs show the way from one to the other."""
    said_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.Text)
