"""One sheet erases what is due, office by office, and writes down how much, portion by portion."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.kit.erasures import ERASURES, Erasure
from marketplace.kit.sheets import sheet
from marketplace.privacy.models import Erased

log = logging.getLogger(__name__)
SOON = timedelta(days=30)


@dataclass(frozen=True)
class Outlook:
    """What a run would erase now, and what more within SOON. Nothing is changed by asking."""

    erasure: Erasure
    now: int
    soon: int


def dry_run() -> list[Outlook]:
    at = now()
    found = []
    for each in sorted(ERASURES.values(), key=lambda each: each.name):
        due = each.due(at)
        found.append(Outlook(each, due, each.due(at + SOON) - due))
    return found


@sheet(every=3600, name="privacy.erase_due")
def erase_due() -> None:
    for each in list(ERASURES.values()):
        try:
            while erase_portion(each):
                pass
        except Exception:  # one that fails does not keep the others' data longer
            log.exception("erasing %s", each.name)


def erase_portion(erasure: Erasure) -> int:
    """Erase some of what is due; how many, 0 where all is done. Whatever dies in the middle is done anew."""
    with transaction() as session:
        count = erasure.erase()
        if count:
            session.add(Erased(name=erasure.name, count=count, at=now()))
        return count


def history(limit: int = 200) -> list[Erased]:
    """What was erased, the newest first."""
    return list(db.session.scalars(sa.select(Erased).order_by(Erased.id.desc()).limit(limit)))
