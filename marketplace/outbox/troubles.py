"""What did not work, told by its kind: of eight thousand letters that wait for one post office staff read one line."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.outbox.keeping import ATTEMPTS
from marketplace.outbox.models import Message
from marketplace.outbox.promising import ASIDE

OPEN = (Message.done_at.is_(None), Message.parked_at.is_(None))


class Trouble(NamedTuple):
    """Promises of one topic for one handler that are parked, or else that failed and are tried again."""

    topic: str
    handler: str
    parked: bool
    number: int
    since: datetime
    next_at: datetime
    attempts: int
    """Of the one that was tried most often."""
    error: str
    id: int
    """Of the first one."""

    @property
    def lasts(self) -> bool:
        """Somebody should look: it is parked, or was tried so often that it does not end by itself. Of letters, which
        wait for a server as long as it takes, the desk tells by itself."""
        return self.parked or (self.attempts >= ATTEMPTS and self.topic not in ASIDE)


def troubles() -> list[Trouble]:
    """What is parked first, then what waited longest."""
    parked = Message.parked_at.is_not(None)
    query = (
        sa.select(
            *(Message.topic, Message.handler, parked, sa.func.count(), sa.func.min(Message.said_at)),
            *(sa.func.min(Message.due_at), sa.func.max(Message.attempts)),
            *(sa.func.coalesce(sa.func.max(Message.error), ""), sa.func.min(Message.id)),
        )
        .where(Message.done_at.is_(None), sa.or_(parked, Message.error.is_not(None)))
        .group_by(Message.topic, Message.handler, parked)
    )
    found = [Trouble._make(row) for row in db.session.execute(query)]
    return sorted(found, key=lambda trouble: (not trouble.parked, trouble.since))


def retry(message_id: int) -> int:
    """Staff's button: make this one and all like it due now, with their attempts counted anew; how many these are."""
    with transaction() as session:
        message = session.get(Message, message_id)
        if message is None:
            return 0
        failed = Message.parked_at.is_not(None) if message.parked_at else sa.and_(*OPEN, Message.error.is_not(None))
        alike = (Message.topic == message.topic, Message.handler == message.handler, Message.done_at.is_(None), failed)
        in_order = sa.select(Message.id).where(*alike).order_by(Message.id).with_for_update().cte("in_order")
        again = sa.update(Message).where(Message.id.in_(sa.select(in_order.c.id)))  # locked as keeping.py locks them
        ids = session.scalars(again.values(parked_at=None, due_at=now(), attempts=0).returning(Message.id))
        return len(ids.all())


def lasting() -> int:
    """How many promises are parked, or were tried in vain as often and are tried again."""
    often = sa.and_(Message.attempts >= ATTEMPTS, Message.error.is_not(None), ~set_aside())
    query = sa.select(sa.func.count()).where(Message.done_at.is_(None), sa.or_(Message.parked_at.is_not(None), often))
    return db.session.scalar(query) or 0


def set_aside() -> sa.ColumnElement[bool]:
    return Message.topic.in_(ASIDE)


def overdue(at: datetime) -> tuple[int, datetime | None]:
    """How many messages have been due since before `at`, and the time of the oldest. Not those that are kept aside."""
    query = sa.select(sa.func.count(), sa.func.min(Message.due_at)).where(*OPEN, Message.due_at < at, ~set_aside())
    count, oldest = db.session.execute(query).one()
    return count, oldest
