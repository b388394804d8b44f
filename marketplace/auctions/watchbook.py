"""What the watch writes down: when bids could last be accepted, and when nothing showed it. See watch.py."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import Base


class Watch(Base):
    """The one row that says when bids could last be accepted: see watch.py."""

    __tablename__ = "auction_watch"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class Silence(Base):
    """A stretch in which nothing showed that a bid could have been accepted."""

    __tablename__ = "auction_silences"
    __table_args__ = (sa.CheckConstraint("from_at < to_at", name="ends_after_it_begins"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    from_at: Mapped[datetime] = mapped_column(index=True)
    to_at: Mapped[datetime]
