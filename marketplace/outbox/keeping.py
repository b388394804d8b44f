"""Keep what was promised: claim for a while, do, write down how it went."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from marketplace.kit import logs
from marketplace.kit.clock import now
from marketplace.kit.db import alone, db, let_go, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.outbox.models import Message
from marketplace.outbox.promising import ASIDE, HANDLERS

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
"""How long one worker may take over one message before another may try: longer than the slowest port's timeout."""
LONGEST_WAIT = timedelta(minutes=10)
ATTEMPTS = 20
"""After so many it is parked, unless it only waits for somebody outside: that ends by itself, be it after days."""


_messages = Message.__table__
assert isinstance(_messages, sa.Table)
_AT, _UNTIL = (sa.bindparam(name, type_=_messages.c.due_at.type) for name in ("at", "until"))
"""Of a type that is said: within a CASE the database would get what Python's driver makes of a moment, zone and all."""
_TAKEN, _KEPT = _messages.c.id == sa.bindparam("message"), _messages.c.id == sa.bindparam("kept")
_DUE = (_messages.c.done_at.is_(None), _messages.c.parked_at.is_(None), _messages.c.due_at <= _AT)
_LEASED = {_messages.c.due_at: _UNTIL, _messages.c.attempts: _messages.c.attempts + 1}
_ENDED: dict[sa.Column[Any], Any] = {_messages.c.done_at: _AT, _messages.c.error: sa.null()}
_WANTED = [_messages.c[name] for name in ("id", "topic", "handler", "body", "request", "attempts")]
"""What keep() needs: a moment, for one, has to be read out of SQLite's text."""
_CLAIM = sa.update(_messages).where(_TAKEN, *_DUE).values(_LEASED).returning(*_WANTED)
_DONE = sa.update(_messages).where(_KEPT).values(_ENDED)
_IN_ORDER = (
    sa.select(_messages.c.id)
    .where(sa.or_(_KEPT, sa.and_(_TAKEN, *_DUE)))
    .order_by(_messages.c.id)
    .with_for_update()
    .cte("in_order")
)
"""Locked by their ids: of two workers whose leases are over, each may have kept what the other takes."""
_DONE_AND_CLAIM = (
    sa.update(_messages)
    .where(_messages.c.id.in_(sa.select(_IN_ORDER.c.id)))
    .values(
        {column: sa.case((_TAKEN, value), else_=column) for column, value in _LEASED.items()}
        | {column: sa.case((_KEPT, value), else_=column) for column, value in _ENDED.items()}
    )
    .returning(*_WANTED)
)


def claim(message_id: int, kept: int | None = None) -> sa.Row[Any] | None:
    """Take the message for one lease; None where another has it, or it is done, parked or not yet due.

    The one that was `kept` before is written down as done in the same statement.
    """
    taken = {"message": message_id, "at": now(), "until": now() + LEASE}
    rows = alone(_CLAIM, taken) if kept is None else alone(_DONE_AND_CLAIM, {**taken, "kept": kept})
    return next((row for row in rows if row.id != kept), None)


def deliver(message_id: int) -> bool:
    """Try one message now. True where it is done."""
    return deliver_all([message_id]) == 1


def deliver_all(message_ids: Sequence[int]) -> int:
    """Try these messages now, in this order; the number that was done. One transaction lies between two of them."""
    done = 0
    kept: int | None = None
    for message_id in message_ids:
        message, kept = claim(message_id, kept), None
        if message is not None and keep(message) is None:
            kept = message_id
            done += 1
    if kept is not None:
        alone(_DONE, {"kept": kept, "at": now()})
    return done


def keep(message: sa.Row[Any]) -> Exception | None:
    """Do what was claimed; what it failed of. Whoever calls writes down that it is done, by the next claim or alone."""
    known: dict[str, str | int] = {"outbox": message.id, **logs.codes_in(message.body)}
    if message.request:
        known["request"] = message.request
    with logs.about(**known):
        try:
            HANDLERS[message.handler](**message.body)
        except Exception as error:
            let_go()
            if isinstance(error, Unavailable):
                log.warning("outbox %s %s waits: %s", message.id, message.topic, error)
            else:
                log.exception("outbox %s %s failed in %s", message.id, message.topic, message.handler)
            _write_failure(message, error)
            return error
        logs.trail.info("outbox %s %s done in %s", message.id, message.topic, message.handler)
        return None


def _write_failure(message: sa.Row[Any], error: Exception) -> None:
    wait = min(timedelta(seconds=2.0 ** min(message.attempts, 16)), LONGEST_WAIT)
    said = logs.scrubbed(f"{type(error).__name__}: {error}")[:2000]
    values: dict[str, object] = {"error": said, "due_at": now() + wait}
    if message.attempts >= ATTEMPTS and not isinstance(error, Unavailable):
        values["parked_at"] = now()
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.id == message.id).values(values))


def written_as_done(message: sa.Row[Any]) -> None:
    alone(_DONE, {"kept": message.id, "at": now()})


def due(limit: int = 200, *, aside: bool = False) -> list[int]:
    """The ids of messages whose time has come, oldest first; of those kept `aside`, the most pressing first."""
    ids = list(db.session.scalars(_due(aside), {"at": now(), "limit": limit}))
    let_go()
    return ids


@cache
def _due(aside: bool) -> sa.Select[int]:
    """The statement, built once, when every office has said what it hears: the worker asks again and again."""
    pressing = [sa.case(ASIDE, value=_messages.c.topic)] if aside else []
    kept_aside = _messages.c.topic.in_(ASIDE)
    query = sa.select(_messages.c.id).where(*_DUE, kept_aside if aside else ~kept_aside)
    return query.order_by(*pressing, _messages.c.due_at, _messages.c.id).limit(sa.bindparam("limit"))


def sweep() -> int:
    """Deliver what the bell missed, but what is kept aside. The number that was done."""
    return deliver_all(due())


def drain(limit: int = 10_000) -> int:
    """Deliver in this process until nothing is due. The number that was done."""
    total = 0
    while total < limit and (done := sweep() or deliver_all(due(aside=True))):
        total += done
    return total


def late(limit: int = 100) -> list[Message]:
    """What staff should see: parked, or failed at least once and still open."""
    query = (
        sa.select(Message)
        .where(Message.done_at.is_(None), sa.or_(Message.parked_at.is_not(None), Message.error.is_not(None)))
        .order_by(Message.said_at)
        .limit(limit)
    )
    return list(db.session.scalars(query))
