"""Where a waiting room stands before a sale, only those whose turn it is may order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, writing
from marketplace.kit.refusals import Refused
from marketplace.orders.models import Turn


class NotYourTurn(Refused):
    code = "not_your_turn"
    message = "この出品は、待合室で順番にご案内しています。権利のページから、整理券を受け取ってお待ちください。"


def give(listing_id: int, buyer_ids: Sequence[int], ends_at: datetime) -> None:
    """From now to `ends_at` it is these people's turn; an earlier turn of theirs is forgotten."""
    assert writing(), "give() belongs inside transaction()"
    at = now()
    again = sa.update(Turn).where(Turn.listing_id == listing_id, Turn.buyer_id.in_(buyer_ids))
    had = set(
        db.session.scalars(again.values(begins_at=at, ends_at=ends_at, used_at=None).returning(Turn.buyer_id)).all()
    )
    fresh = [
        {"listing_id": listing_id, "buyer_id": buyer_id, "begins_at": at, "ends_at": ends_at}
        for buyer_id in buyer_ids
        if buyer_id not in had
    ]
    if fresh:
        db.session.execute(sa.insert(Turn), fresh)


def of(listing_id: int, buyer_id: int) -> Turn | None:
    """The person's latest turn."""
    return db.session.scalar(sa.select(Turn).where(Turn.listing_id == listing_id, Turn.buyer_id == buyer_id))


def use(listing_id: int, buyer_id: int) -> None:
    """Inside the transaction of an order: this turn has led to it, and leads to no other, since only one unit was kept
    for it. NotYourTurn where there is none now."""
    assert writing(), "use() belongs inside transaction()"
    mine = sa.update(Turn).where(Turn.listing_id == listing_id, Turn.buyer_id == buyer_id, Turn.ends_at > now())
    used = mine.where(Turn.used_at.is_(None)).values(used_at=now())
    if db.session.scalar(used.returning(Turn.id)) is None:
        raise NotYourTurn


def unused(listing_id: int) -> int:
    """How many people's turn it is who have not ordered yet: so many units are spoken for."""
    count = sa.select(sa.func.count()).where(
        Turn.listing_id == listing_id, Turn.ends_at > now(), Turn.used_at.is_(None)
    )
    return db.session.scalar(count) or 0


def prolong(listing_id: int, stopped_at: datetime, ends_at: datetime) -> None:
    """Whoever's turn it was when the sale was stopped has until `ends_at`."""
    assert writing(), "prolong() belongs inside transaction()"
    theirs = sa.update(Turn).where(
        Turn.listing_id == listing_id, Turn.used_at.is_(None), Turn.ends_at > stopped_at, Turn.ends_at < ends_at
    )
    db.session.execute(theirs.values(ends_at=ends_at))
