"""Who was kept out is known until they may take part again, and no longer: the journal keeps the entry's number."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.admissions.models import Exclusion
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.erasures import PORTION, erases


def _over(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(Exclusion.lifted_at < at, Exclusion.until < at)


def due(at: datetime) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Exclusion).where(_over(at))) or 0


def erase() -> int:
    some = sa.select(Exclusion.id).where(_over(now())).limit(PORTION)
    return len(db.session.execute(sa.delete(Exclusion).where(Exclusion.id.in_(some)).returning(Exclusion.id)).all())


erases("admissions.exclusions", "入札に参加できない方の名簿", "除外の期間が終わるか、解除したとき", due, erase)
