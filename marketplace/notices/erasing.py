"""Letters that were sent are kept for questions about them, and then no longer."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.erasures import PORTION, erases
from marketplace.notices.models import Notice

KEPT = timedelta(days=730)
"""Longer than any dispute about a card payment may come (Visa and Mastercard: at most 540 days)."""


def _old(at: datetime) -> sa.ColumnElement[bool]:
    """One that waits to be printed for two years is not needed any more either."""
    return sa.func.coalesce(Notice.sent_at, Notice.promised_at) < at - KEPT


def due(at: datetime) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Notice).where(_old(at))) or 0


def erase() -> int:
    some = sa.select(Notice.id).where(_old(now())).limit(PORTION)
    return len(db.session.execute(sa.delete(Notice).where(Notice.id.in_(some)).returning(Notice.id)).all())


erases("notices.letters", "お送りしたメールの控え", "お送りしてから2年", due, erase)
