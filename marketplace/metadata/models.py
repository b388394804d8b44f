"""What was published, where its blocks are, and who else holds them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ipfs.blockstore import blocks_table
from marketplace.kit.db import NEVER_TWICE, Base, state_column
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
    """The bytes of a picture (width 0), or of one of its smaller copies for pages, which are WebP."""

    __tablename__ = "picture_files"

    picture_id: Mapped[int] = mapped_column(sa.ForeignKey("pictures.id"), primary_key=True)
    width: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blobs.id"), unique=True)


class Document(Base):
    """One published file of a right, by its path in the right's directory; "" is the directory itself."""

    __tablename__ = "documents"
    __table_args__ = (
        sa.UniqueConstraint("right_id", "edition", "path", name="uq_documents_path"),
        sa.CheckConstraint("serial IS NULL OR serial >= 1", name="document_serial_from_one"),
        sa.CheckConstraint("edition >= 1", name="document_edition_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    edition: Mapped[int] = mapped_column(default=1)
    """1 is what was published before the sale; each correction makes one more, and none is ever taken away."""
    path: Mapped[str] = mapped_column(sa.String(80))
    serial: Mapped[int | None]
    """The token that it describes; None for the directory, the terms and the picture."""
    cid: Mapped[str] = mapped_column(sa.String(64), index=True)


class Pin(Base):
    """A tree that we promised to keep: everything of one edition of one right below one root."""

    __tablename__ = "pins"
    __table_args__ = (
        sa.UniqueConstraint("right_id", "edition", name="uq_pins_one_per_edition"),
        sa.CheckConstraint("edition >= 1", name="pin_edition_from_one"),
        sa.CheckConstraint("(audited_at IS NULL) = (missing IS NULL)", name="audited_has_a_result"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    right: Mapped[Right] = relationship()
    edition: Mapped[int] = mapped_column(default=1)
    root: Mapped[str] = mapped_column(sa.String(64))
    blocks: Mapped[int]
    bytes: Mapped[int]
    car_sha256: Mapped[str] = mapped_column(sa.String(64))
    """Of the CAR that /ipfs/<root>?format=car gives: to be told to the public before a sale opens."""
    published_at: Mapped[datetime]
    audited_at: Mapped[datetime | None]
    """When each of its blocks was last hashed again (auditing.py)."""
    missing: Mapped[int | None]
    """Blocks that were lost or damaged at that time and could not be mended; 0 is a whole tree."""
    mended_at: Mapped[datetime | None]
    """When a lost or damaged block was last put back."""

    @property
    def subject(self) -> str:
        return f"pin:{self.id}"

    @property
    def is_current(self) -> bool:
        """Whether tokens point here now; the others are earlier editions."""
        return self.right.metadata_uri == f"ipfs://{self.root}/"


class AmendmentState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    DONE = "done"
    WITHDRAWN = "withdrawn"

    @property
    def ja(self) -> str:
        return AMENDMENT_JA[self]


AMENDMENT_JA = {
    AmendmentState.PROPOSED: "承認待ち",
    AmendmentState.APPROVED: "手続き中",
    AmendmentState.DONE: "済み",
    AmendmentState.WITHDRAWN: "取り下げ",
}
WAITING = sa.text("state IN ('proposed', 'approved')")


class Amendment(Base):
    """A correction of what wallets show of a right, or the end of all corrections (`freezes`).

    What was approved and sold (terms, hash, numbers) is not among what it can change.
    """

    __tablename__ = "amendments"
    __table_args__ = (
        sa.Index("uq_amendments_one_waiting", "right_id", unique=True, sqlite_where=WAITING, postgresql_where=WAITING),
        sa.UniqueConstraint("right_id", "edition", name="uq_amendments_edition"),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> drafted_by", name="amended_by_two_persons"),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'done') OR approved_by IS NOT NULL", name="amendment_is_approved"
        ),
        sa.CheckConstraint("(edition IS NOT NULL) = (state = 'done' AND NOT freezes)", name="done_has_its_edition"),
    )
    MOVES: ClassVar[Machine[AmendmentState]] = Machine(
        {
            "approve": {AmendmentState.PROPOSED: AmendmentState.APPROVED},
            "withdraw": {AmendmentState.PROPOSED: AmendmentState.WITHDRAWN},
            "publish": {AmendmentState.APPROVED: AmendmentState.DONE},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    right: Mapped[Right] = relationship()
    state: Mapped[AmendmentState] = state_column(AmendmentState)
    freezes: Mapped[bool] = mapped_column(default=False)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What is shown from now on, by field (amending.FIELDS); fields that are not named stay as they were."""
    why: Mapped[str] = mapped_column(sa.String(300))
    drafted_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    approved_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    drafted_at: Mapped[datetime]
    edition: Mapped[int | None]
    """The edition that it made."""

    @property
    def subject(self) -> str:
        return f"amendment:{self.id}"


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
        NEVER_TWICE,
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
