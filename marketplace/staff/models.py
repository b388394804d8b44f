"""What the desk owns: listings that came in a spreadsheet, and by which secret somebody's own calendar reads."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class ImportState(StrEnum):
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    IMPORTED = "imported"


class ListingImport(Base):
    """One file. The same rows sent again are the same import, whatever the file is called."""

    __tablename__ = "listing_imports"
    __table_args__ = (
        sa.CheckConstraint("checked BETWEEN 0 AND total", name="checked_within_all"),
        sa.CheckConstraint("brought BETWEEN 0 AND total", name="brought_within_all"),
        sa.CheckConstraint("(state = 'imported') = (imported_at IS NOT NULL)", name="imported_at_some_time"),
    )
    MOVES: ClassVar[Machine[ImportState]] = Machine(
        {
            "check_rows": {ImportState.CHECKING: ImportState.CHECKED},
            "check_again": {ImportState.CHECKED: ImportState.CHECKING, ImportState.IMPORTED: ImportState.CHECKING},
            "want_import": {ImportState.CHECKED: ImportState.IMPORTING},
            "import": {ImportState.IMPORTING: ImportState.IMPORTED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("IMP", 6))
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Hex, of the rows as they were read."""
    state: Mapped[ImportState] = state_column(ImportState)
    file_name: Mapped[str] = mapped_column(sa.String(120))
    rows: Mapped[list[Any]]
    """[[number of the row in the file, {field: text}], …]; empty cells are left out."""
    total: Mapped[int]
    checked: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=1)
    """How often it was checked."""
    faults: Mapped[list[Any]] = mapped_column(default=list)
    """[{"row", "column", "typed", "why"}, …] of the rows checked so far; once imported, of those that were left out."""
    uploaded_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    uploaded_at: Mapped[datetime]
    imported_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    imported_at: Mapped[datetime | None]
    brought: Mapped[int] = mapped_column(default=0)
    """Rows that were gone through in this turn: each has its draft or its faults."""
    made: Mapped[int] = mapped_column(default=0)
    """How many drafts came of it."""

    @property
    def subject(self) -> str:
        return f"import:{self.code}"

    @property
    def keys(self) -> list[str]:
        """The numbers of the rows without a fault."""
        bad = {fault["row"] for fault in self.faults}
        return [cells["key"] for row, cells in self.rows if "key" in cells and row not in bad]


class ImportedRow(Base):
    """A row of the town's own lists that has become a draft, by the number it has there: never twice."""

    __tablename__ = "imported_rows"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"), unique=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("listing_imports.id"), index=True)


class CalendarFeed(Base):
    """One for each member of staff; of the secret in its address only the hash is kept. Revoked: there is none."""

    __tablename__ = "calendar_feeds"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_at: Mapped[datetime]
