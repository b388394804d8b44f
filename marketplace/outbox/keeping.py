"""Keep what was promised: claim for a while, do, write down how it went."""

from __future__ import annotations

import logging
from datetime import timedelta

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.outbox.models import Message
from marketplace.outbox.promising import HANDLERS

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
"""How long one worker may take over one message before another may try: longer than the slowest port's timeout."""
LONGEST_WAIT = timedelta(minutes=10)
ATTEMPTS = 20


def claim(message_id: int) -> Message | None:
    """Take the message for one lease; None where another has it, or it is done, parked or not yet due."""
    with transaction() as session:
        taken = session.execute(
            sa.update(Message)
            .where(
                Message.id == message_id,
                Message.done_at.is_(None),
                Message.parked_at.is_(None),
                Message.due_at <= now(),
            )
            .values(due_at=now() + LEASE, attempts=Message.attempts + 1)
            .returning(Message.id)
        ).scalar()
        return session.get(Message, message_id, populate_existing=True) if taken else None


def deliver(message_id: int) -> bool:
    """Try one message now. True where it is done."""
    message = claim(message_id)
    if message is None:
        return False
    topic, handler, body, attempts = message.topic, message.handler, dict(message.body), message.attempts
    db.session.rollback()
    try:
        HANDLERS[handler](**body)
    except Exception as error:
        db.session.rollback()
        if isinstance(error, Unavailable):
            log.warning("outbox %s %s waits: %s", message_id, topic, error)
        else:
            log.exception("outbox %s %s failed in %s", message_id, topic, handler)
        _write_failure(message_id, attempts, f"{type(error).__name__}: {error}")
        return False
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.id == message_id).values(done_at=now(), error=None))
    return True


def _write_failure(message_id: int, attempts: int, error: str) -> None:
    wait = min(timedelta(seconds=2.0 ** min(attempts, 16)), LONGEST_WAIT)
    values: dict[str, object] = {"error": error[:2000], "due_at": now() + wait}
    if attempts >= ATTEMPTS:
        values["parked_at"] = now()
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.id == message_id).values(values))


def due(limit: int = 200) -> list[int]:
    """The ids of messages whose time has come, oldest first."""
    query = (
        sa.select(Message.id)
        .where(Message.done_at.is_(None), Message.parked_at.is_(None), Message.due_at <= now())
        .order_by(Message.due_at, Message.id)
        .limit(limit)
    )
    ids = list(db.session.scalars(query))
    db.session.rollback()
    return ids


def sweep() -> int:
    """Deliver what the bell missed. The number that was done."""
    return sum(deliver(message_id) for message_id in due())


def drain(limit: int = 10_000) -> int:
    """Deliver in this process until nothing is due. The number that was done."""
    total = 0
    while total < limit and (done := sweep()):
        total += done
    return total


def retry(message_id: int) -> None:
    """Staff's button: make a late or parked message due now, with its attempts counted anew."""
    with transaction() as session:
        session.execute(
            sa.update(Message)
            .where(Message.id == message_id, Message.done_at.is_(None))
            .values(parked_at=None, due_at=now(), attempts=0)
        )


def late(limit: int = 100) -> list[Message]:
    """What staff should see: parked, or failed at least once and still open."""
    query = (
        sa.select(Message)
        .where(Message.done_at.is_(None), sa.or_(Message.parked_at.is_not(None), Message.error.is_not(None)))
        .order_by(Message.said_at)
        .limit(limit)
    )
    return list(db.session.scalars(query))
