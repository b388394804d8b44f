"""A while after a sale the town forgets who stood in line. Numbers and order stay, and still verify."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.kit.erasures import PORTION, erases
from marketplace.waiting.models import Place, Room

KEPT = timedelta(days=30)


def due(at: datetime) -> int:
    """Places that would be anybody's no more."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(_old(at).subquery())) or 0


def erase() -> int:
    with transaction() as session:
        ids = list(session.scalars(_old(now()).limit(PORTION)))
        session.execute(sa.update(Place).where(Place.id.in_(ids)).values(account_id=None))
        return len(ids)


def _old(at: datetime) -> sa.Select[int]:
    over = sa.select(Place.id).join(Room).where(Room.ended_at <= at - KEPT, Place.account_id.is_not(None))
    return over.order_by(Place.id)


erases("waiting.places", "待合室の順番", "出品の終了から30日", due, erase)
