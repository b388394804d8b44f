"""The watch: a round each minute, in a thread of the worker. What lasts is told to the operator once, and its end once.

A thread of its own, not a sheet: whoever outside does not answer must not hold up the close of a sale.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, let_go, lock, transaction
from marketplace.kit.outages import turn_failed
from marketplace.notices.sending import send
from marketplace.operating.coming_back import come_back
from marketplace.operating.examining import examine
from marketplace.operating.health import Finding, Grade
from marketplace.operating.models import Round, Trouble
from marketplace.settings import settings

log = logging.getLogger(__name__)

EVERY, AT_FIRST = 60.0, 5.0
PATIENCE = {Grade.BAD: timedelta(minutes=2), Grade.WARN: timedelta(hours=1)}
"""How long a fault must last before somebody is told: what mends itself meanwhile is nobody's business."""
AWAKE = "worker.asleep"
"""Whoever goes a round is not: this is for a doctor who looks from outside."""
CALM = timedelta(minutes=2)
"""How long it must be away before it counts as over: a fault that flickers is one trouble."""


def keep_watch(app: Flask, stop: threading.Event) -> None:
    """Until `stop`. Several workers share the rounds: who comes within the same minute leaves it be."""
    pause = AT_FIRST
    with app.app_context():
        while not stop.wait(pause):
            pause = EVERY
            try:
                if _is_due():
                    found = [finding for report in examine() for finding in report.findings]
                    write(finding for finding in found if finding.fault.code != AWAKE)
            except Exception:
                turn_failed(log, "rounds")
            finally:
                db.session.remove()


def write(findings: Iterable[Finding]) -> None:
    """What one round found: begin troubles, end them, and tell the operator of what has lasted, all at once."""
    seen: dict[str, list[dict[str, str | int]]] = {}
    for finding in findings:
        seen.setdefault(finding.fault.code, []).append(finding.seen)
    at = now()
    with transaction():
        insert_once(Round, {"id": 1, "at": at})
        come_back()  # before this round is the last one
        lock(Round, 1).at = at
        known = {trouble.code: trouble for trouble in standing()}
        for code, places in seen.items():
            if code not in known:
                known[code] = Trouble(code=code, seen=places, since=at)
                db.session.add(known[code])
            known[code].seen, known[code].gone_at = places, None
        began = [trouble for code, trouble in known.items() if code in seen and _to_be_told(trouble, at)]
        ended = [trouble for code, trouble in known.items() if code not in seen and _ended(trouble, at)]
        for trouble in began:
            trouble.told_at = at
            note(f"fault:{trouble.code}", "alarm")
        for trouble in ended:
            note(f"fault:{trouble.code}", "calm")
        if began or ended:
            _tell(began, ended, at)


def standing() -> list[Trouble]:
    """What is not over, the oldest first."""
    return list(db.session.scalars(sa.select(Trouble).where(Trouble.over_at.is_(None)).order_by(Trouble.id)))


def past(limit: int) -> list[Trouble]:
    """What is over and was told, the newest end first."""
    told = sa.select(Trouble).where(Trouble.over_at.is_not(None), Trouble.told_at.is_not(None))
    return list(db.session.scalars(told.order_by(Trouble.over_at.desc(), Trouble.id.desc()).limit(limit)))


def last_round() -> datetime | None:
    return db.session.scalar(sa.select(Round.at))


def _is_due() -> bool:
    last = last_round()
    let_go()
    return last is None or abs(now() - last) > timedelta(seconds=EVERY / 2)  # a clock that was ahead is put back


def _to_be_told(trouble: Trouble, at: datetime) -> bool:
    if trouble.told_at is not None or trouble.fault is None:
        return False
    return at - trouble.since >= PATIENCE[trouble.fault.grade]


def _ended(trouble: Trouble, at: datetime) -> bool:
    """End it where it has been away for long enough; whether somebody is to be told of it."""
    trouble.gone_at = trouble.gone_at or at
    if trouble.told_at is not None and at - trouble.gone_at < CALM:
        return False
    trouble.over_at = at
    return trouble.told_at is not None


def _tell(began: list[Trouble], ended: list[Trouble], at: datetime) -> None:
    """One letter to each operator for all that one round has to say."""
    db.session.flush()
    key = "-".join(str(trouble.id) for trouble in (*began, *ended))[:60]
    for address in {each for each in settings().operator_mail.replace(",", " ").split() if each}:
        link = f"{settings().base_url}/staff/health"
        send("trouble", address, f"trouble:{at.isoformat()}:{key}:{address}"[:160], began=began, ended=ended, link=link)
