"""What was published, where its blocks are, and who else holds them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ipfs.blockstore import blocks_table
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.rights.models import Right

blocks = blocks_table(Base.metadata)
"""The blocks themselves, keyed by hash. Only what was published is here: the gateway gives any of it to anybody."""


class Picture(Base):
    """A picture that staff uploaded, cleaned. It never changes."""

    __tablename__ = "pictures"
    __table_args__ = (
        sa.CheckConstraint("media_type IN ('image/png', 'image/jpeg')", name="picture_is_png_or_jpeg"),
        sa.CheckConstraint("width > 0 AND height > 0", name="picture_has_pixels"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    cid: Mapped[str] = mapped_column(sa.String(64))
    media_type: Mapped[str] = mapped_column(sa.String(16))
    width: Mapped[int]
    height: Mapped[int]
    kept_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    """Since when anybody may see it; before, staff only."""


class PictureFile(Base):
    """The bytes of a picture (width 0) and of its smaller copies for pages, which are WebP."""

    __tablename__ = "picture_files"

    picture_id: Mapped[int] = mapped_column(sa.ForeignKey("pictures.id"), primary_key=True)
    width: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes]


class Document(Base):
    """One published file of a right, by its path in the right's directory; "" is the directory itself."""

    __tablename__ = "documents"
    __table_args__ = (
        sa.UniqueConstraint("right_id", "path", name="uq_documents_path"),
        sa.CheckConstraint("serial IS NULL OR serial >= 1", name="document_serial_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    path: Mapped[str] = mapped_column(sa.String(80))
    serial: Mapped[int | None]
    """The token that it describes; None for the directory, the terms and the picture."""
    cid: Mapped[str] = mapped_column(sa.String(64), index=True)


class Pin(Base):
    """A tree that we promised to keep: everything of one right below one root."""

    __tablename__ = "pins"

    id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"), unique=True)
    right: Mapped[Right] = relationship()
    root: Mapped[str] = mapped_column(sa.String(64))
    blocks: Mapped[int]
    bytes: Mapped[int]
    car_sha256: Mapped[str] = mapped_column(sa.String(64))
    """Of the CAR that /ipfs/<root>?format=car gives: to be told to the public before a sale opens."""
    published_at: Mapped[datetime]


class ReplicaState(StrEnum):
    WAITING = "waiting"
    VERIFIED = "verified"
    LOST = "lost"


class Replica(Base):
    """One node outside that holds a pinned tree, or should. Only `verified` may be shown as being on IPFS."""

    __tablename__ = "replicas"
    __table_args__ = (
        sa.UniqueConstraint("pin_id", "node", name="uq_replicas_node"),
        sa.CheckConstraint("state <> 'verified' OR verified_at IS NOT NULL", name="verified_means_checked"),
    )
    MOVES: ClassVar[Machine[ReplicaState]] = Machine(
        {
            "verify": {
                ReplicaState.WAITING: ReplicaState.VERIFIED,
                ReplicaState.LOST: ReplicaState.VERIFIED,
            },
            "lose": {ReplicaState.VERIFIED: ReplicaState.LOST},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pin_id: Mapped[int] = mapped_column(sa.ForeignKey("pins.id"))
    pin: Mapped[Pin] = relationship(lazy="joined", innerjoin=True)
    node: Mapped[str] = mapped_column(sa.String(200))
    """Its address without credentials."""
    state: Mapped[ReplicaState] = state_column(ReplicaState)
    checked_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    """The last time that all checks passed."""
    error: Mapped[str | None] = mapped_column(sa.Text)

    @property
    def subject(self) -> str:
        return f"replica:{self.id}"
