"""What the rounds of the watch found, and when each trouble began and ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import NEVER_TWICE, Base
from marketplace.operating.faults import FAULTS
from marketplace.operating.health import Fault, Finding

_STANDS = sa.text("over_at IS NULL")


class Round(Base):
    """One row: when the watch last looked at everything. Its lock is that of all watches."""

    __tablename__ = "operating_rounds"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    made_good: Mapped[datetime | None]
    """Until when time away was given back: see coming_back.py."""


class Trouble(Base):
    """A fault from the first round that found it to the last."""

    __tablename__ = "operating_troubles"
    __table_args__ = (
        sa.Index("uq_operating_troubles_standing", "code", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        sa.CheckConstraint("over_at IS NULL OR gone_at IS NOT NULL", name="over_after_it_was_gone"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(48))
    seen: Mapped[list[Any]]
    """What the last round saw of it: figures, hosts and codes, once for each place where it was found."""
    since: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    """The first round that did not find it any more; it may come back."""
    told_at: Mapped[datetime | None]
    """When the operator was told."""
    over_at: Mapped[datetime | None]

    @property
    def fault(self) -> Fault | None:
        """None where an older program knew it."""
        return FAULTS.get(self.code)

    @property
    def findings(self) -> list[Finding]:
        return [Finding(self.fault, seen) for seen in self.seen] if self.fault is not None else []
