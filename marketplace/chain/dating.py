"""The head of each day of the journal is fixed on chain, so that the whole journal cannot be written anew unseen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.chain import register
from marketplace.chain.anchoring import Anchored, anchor, anchored_all
from marketplace.chain.contract import ANCHORS
from marketplace.journal.days import close_next, heads
from marketplace.journal.models import Day, Head
from marketplace.journal.sealing import BEFORE_ALL, seal
from marketplace.kit.db import db, transaction
from marketplace.kit.sheets import sheet
from marketplace.settings import settings


@sheet(every=30, name="chain.anchor_days")
def anchor_days() -> int:
    """Close each day that is over and promise its anchor in the same transaction; the number of days.

    After a time of standing still it does all the days that went by, oldest first.
    """
    while seal():
        pass
    days = 0
    while _anchor_next():
        days += 1
    return days


def _anchor_next() -> bool:
    with transaction():
        day = close_next()
        if day is not None:
            anchor(day.name, day.hash, f"{settings().base_url}/journal.json")
        return day is not None


def anchored_days() -> list[tuple[Day, Anchored | None]]:
    """The head of each day with where it stands on chain, the newest first."""
    days = heads()[::-1]
    found = anchored_all([day.name for day in days])
    return [(day, found.get(day.name)) for day in days]


def late_days(since: datetime) -> list[Day]:
    """The heads of days that closed before `since` and stand in no block, the newest first."""
    waiting = [day for day, place in anchored_days() if place is None or place.block is None]
    return [day for day in waiting if day.closed_at < since]


def published() -> dict[str, Any]:
    """What everybody may know of the journal, see docs/journal-v1.md: its end, and the head of each day, oldest first.

    {"version": "journal-days-v1", "seq", "hash", "chain_id", "contract",
     "days": [{"day", "seq", "hash", "name", "subject", "tx", "block"}]}; the last two null until they are on chain
    """
    head = db.session.get(Head, 1)
    days = [
        {"day": day.day.isoformat(), "seq": day.seq, "hash": day.hash, "name": day.name}
        | {"subject": place.subject if place else None, "tx": place.tx_hash if place else None}
        | {"block": place.block if place else None}
        for day, place in reversed(anchored_days())
    ]
    return {
        "version": "journal-days-v1",
        "seq": head.seq if head else 0,
        "hash": head.hash if head else BEFORE_ALL,
        "chain_id": settings().chain_id,
        "contract": register.contracts().get(ANCHORS),
        "days": days,
    }
