"""Which bytes are kept where; and the bytes themselves, where the database is the store."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import NEVER_TWICE, Base, state_column


class Place(StrEnum):
    """Where bytes may lie."""

    DATABASE = "database"
    BUCKET = "bucket"


class Blob(Base):
    """Some bytes that one row of an office names. What has a row here is never swept."""

    __tablename__ = "blobs"
    __table_args__ = (
        sa.CheckConstraint("size > 0", name="blob_is_something"),
        sa.Index("ix_blobs_place", "place", "id"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    """<kind>/<SHA-256>-<random>: see keeping.new_key()."""
    place: Mapped[Place] = state_column(Place, name="place")
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]


class StoredBytes(Base):
    """What the database keeps as a store: it knows keys, as a bucket does, and nothing of who names them."""

    __tablename__ = "stored_bytes"
    __table_args__ = (sa.Index("ix_stored_bytes_put_at", "put_at"),)

    key: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)
    put_at: Mapped[datetime]
