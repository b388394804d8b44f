"""Trouble with the chain that lasts is put before the staff, and taken away when it is over."""

from __future__ import annotations

import time

import sqlalchemy as sa

from marketplace.chain.models import Alarm, Trouble
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, let_go, transaction

PATIENCE_SECONDS = 60.0
"""A chain that is started again, or a network that stumbles, is nobody's business."""


def sound(trouble: Trouble, what: str) -> None:
    """Put `trouble` on the desk, with what is known of it now; in the journal when it begins."""
    known = db.session.scalar(sa.select(Alarm.what).where(Alarm.trouble == trouble))
    let_go()
    if known == what:
        return
    with transaction() as session:
        if insert_once(Alarm, {"trouble": trouble, "since": now(), "what": what}):
            note(_subject(trouble), "alarm", why=what)
        session.execute(sa.update(Alarm).where(Alarm.trouble == trouble).values(what=what))


def over(trouble: Trouble) -> None:
    """It is over: off the desk, and a word in the journal."""
    known = db.session.scalar(sa.select(Alarm.trouble).where(Alarm.trouble == trouble))
    let_go()
    if known is None:
        return
    with transaction() as session:
        gone = session.scalar(sa.delete(Alarm).where(Alarm.trouble == trouble).returning(Alarm.trouble))
        if gone is not None:
            note(_subject(trouble), "calm")


def standing() -> list[Alarm]:
    """What is not over, the oldest first."""
    return list(db.session.scalars(sa.select(Alarm).order_by(Alarm.since)))


class Patience:
    """Tells a stumble from trouble: sounds when something has failed for a minute without one success."""

    def __init__(self, trouble: Trouble, seconds: float = PATIENCE_SECONDS) -> None:
        self.trouble, self.seconds = trouble, seconds
        self._since: float | None = None
        self._quiet = False

    def failed(self, what: str) -> None:
        self._since = time.monotonic() if self._since is None else self._since
        if time.monotonic() - self._since >= self.seconds:
            self._quiet = False
            sound(self.trouble, what)

    def succeeded(self) -> None:
        self._since = None
        if not self._quiet:  # an alarm may be left from before this process
            over(self.trouble)
            self._quiet = True


def _subject(trouble: Trouble) -> str:
    return f"chain:{trouble}"
