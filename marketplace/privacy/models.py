"""What was erased when, and what people asked to see of themselves."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import NEVER_TWICE, Base


class Erased(Base):
    """One portion that was erased: which kind, how much. Rows are never changed."""

    __tablename__ = "erased"
    __table_args__ = (sa.CheckConstraint("count > 0", name="something"), sa.Index("ix_erased_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(48))
    count: Mapped[int]
    at: Mapped[datetime]


class Export(Base):
    """Everything that the town knows of a person, asked for by that person; a file for a week."""

    __tablename__ = "exports"
    __table_args__ = (
        sa.Index("ix_exports_account", "account_id", "id"),
        sa.CheckConstraint("(blob_id IS NULL) = (made_at IS NULL)", name="made_with_data"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    blob_id: Mapped[int | None] = mapped_column(sa.ForeignKey("blobs.id"), unique=True)
    """A ZIP file."""
