"""Signs of life, and who is missed.

Those who work behind the pages write down in tables of their own when they last did their work. Whoever looks there
finds nothing, or something old, when the town was opened a moment ago as well as when nobody is at work: so each
program writes down here that it begins, and has the time of one beat from then on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.clock import now
from marketplace.kit.db import Base, db, insert_once, lock, transaction

WORKER, FOLLOWER = "worker", "follower"


class Start(Base):
    """When a program was begun. The one row for each stays as it is while it begins again and again without a sign."""

    __tablename__ = "program_starts"

    name: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    at: Mapped[datetime]


def begin(name: str, last: datetime | None) -> None:
    """A program begins, whose last sign was `last`: of before, of a while ago, or None."""
    with transaction():
        insert_once(Start, {"name": name, "at": now()})
        start = lock(Start, name)
        if last is not None and last > start.at:
            start.at = now()


def is_missed(name: str, last: datetime | None, longest: timedelta) -> bool:
    """Whether a program is not there: neither its last sign nor its beginning is of the time since `longest` ago."""
    since = now() - longest
    if last is not None and last >= since:
        return False
    began = db.session.scalar(sa.select(Start.at).where(Start.name == name))
    return began is None or began < since
