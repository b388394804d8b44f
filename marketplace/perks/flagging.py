"""Uses that the office should look at: beyond the plan at a counter without network, after a sale, on a closed day."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, transaction
from marketplace.listings.drafting import staff_name
from marketplace.perks.models import UNDONE, Act, Counter, Look, Partner, Use


def open_flags(partner_id: int | None = None) -> list[Use]:
    """Flagged uses that nobody took back and nobody looked at, oldest first."""
    seen = sa.select(Look.use_id).where(Look.use_id == Use.id).exists()
    query = sa.select(Use).where(Use.act == Act.USE, Use.flag.is_not(None), ~seen, Use.id.not_in(UNDONE))
    if partner_id is not None:
        query = query.where(Use.partner_id == partner_id)
    return list(db.session.scalars(query.order_by(Use.id)))


def look(use_id: int, actor_id: int, words: str) -> None:
    """Somebody looked, and says what came of it. Looked at again: the first word stands."""
    with transaction():
        line = db.session.get(Use, use_id)
        if line is None:
            raise LookupError(f"use {use_id}")
        if insert_once(Look, {"use_id": use_id, "by_id": actor_id, "note": words.strip(), "at": now()}):
            note(f"use:{line.ref}", "look_at_use", by=staff_name(actor_id), why=words.strip())


def locked_partners() -> list[Partner]:
    """Those whose PIN was typed wrong too often: on a tablet of their own, or elsewhere."""
    theirs = sa.select(Counter.partner_id).where(Counter.locked_at.is_not(None))
    locked = sa.or_(Partner.locked_at.is_not(None), Partner.id.in_(theirs))
    return list(db.session.scalars(sa.select(Partner).where(locked, Partner.closed_at.is_(None)).order_by(Partner.id)))
