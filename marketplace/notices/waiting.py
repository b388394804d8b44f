"""How the post goes: what waits to be carried, how much was, and what its receivers' servers do not take."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.notices.models import Notice
from marketplace.outbox.models import Message
from marketplace.outbox.troubles import OPEN, set_aside

LATELY = timedelta(hours=1)
NAMED = 50


class Post(NamedTuple):
    waiting: int
    since: datetime | None
    """The time of the oldest that waits."""
    failing: int
    """Of those that wait, how many were tried in vain."""


def post() -> Post:
    failing = sa.func.count().filter(Message.error.is_not(None))
    waiting = sa.select(sa.func.count(), sa.func.min(Message.said_at), failing).where(*OPEN, set_aside())
    return Post(*db.session.execute(waiting).one())


def sent_lately() -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Notice.sent_at > now() - LATELY)) or 0


def not_taken() -> list[Notice]:
    """Letters that were given up, the newest first: whoever should have had them may have to be telephoned."""
    given_up = sa.select(Message.body["notice_id"].as_integer()).where(
        Message.done_at.is_(None), Message.parked_at.is_not(None), set_aside()
    )
    letters = sa.select(Notice).where(Notice.id.in_(given_up)).order_by(Notice.id.desc())
    return list(db.session.scalars(letters.limit(NAMED)))
