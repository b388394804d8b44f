"""Mails that were promised, as they were written."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import NEVER_TWICE, Base


class Notice(Base):
    __tablename__ = "notices"
    __table_args__ = (sa.UniqueConstraint("key", name="uq_notices_promise"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(160))
    template: Mapped[str] = mapped_column(sa.String(64))
    to_email: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text)
    promised_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
