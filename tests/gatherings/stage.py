"""What the tests of events say often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.gatherings import drafting
from marketplace.gatherings.models import Gathering, Rsvp, RsvpState
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice

BY = "staff:ACC-TEST"


def values(**more: Any) -> dict[str, Any]:
    """What the office fills in, complete and without a fault: in a week, for two hours, two seats."""
    begins_at = now() + timedelta(days=7)
    filled: dict[str, Any] = {
        "title": "雪かき体験と温泉の集い",
        "body": "午前は雪かき、午後は温泉です。",
        "place": "交流センター",
        "entrance": "玄関にお集まりください",
        "begins_at": begins_at,
        "ends_at": begins_at + timedelta(hours=2),
        "ask_until": begins_at - timedelta(days=1),
        "answer_hours": 48,
        "most_together": 1,
        "right_ids": [],
        "perk": None,
        "seats": 2,
    }
    return filled | more


def a_gathering(**more: Any) -> int:
    """An event that is announced."""
    gathering_id = drafting.draft(values(**more), BY)
    drafting.announce(gathering_id, BY)
    return gathering_id


def state(gathering_id: int, account_id: int) -> RsvpState:
    return rsvp(gathering_id, account_id).state


def rsvp(gathering_id: int, account_id: int) -> Rsvp:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Rsvp).filter_by(gathering_id=gathering_id, account_id=account_id, companion=0)
    ).one()


def party(gathering_id: int, account_id: int) -> list[tuple[RsvpState, int | None]]:
    """How each of a party stands, the person first, and their seats."""
    db.session.rollback()
    rows = sa.select(Rsvp).filter_by(gathering_id=gathering_id, account_id=account_id).order_by(Rsvp.companion)
    return [(row.state, row.seat) for row in db.session.scalars(rows)]


def gathering(gathering_id: int) -> Gathering:
    db.session.rollback()
    return get(Gathering, gathering_id)


def mails(email: str) -> list[str]:
    """The templates of all mails to `email`, in order, sign-in mails left out."""
    db.session.rollback()
    to = sa.select(Notice.template).where(Notice.to_email == email, Notice.template != "sign_in")
    return list(db.session.scalars(to.order_by(Notice.id)))
