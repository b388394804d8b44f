"""How some rows stand in the chain of the journal: the rows, and the way from one head of a day to the next over them.

Of the rows that are not theirs only the digests are given: enough to compute the chain, and nothing to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from marketplace.auditing.families import Family
from marketplace.chain import register
from marketplace.chain.anchoring import anchored_all
from marketplace.chain.contract import ANCHORS
from marketplace.journal.days import heads
from marketplace.journal.models import Day, Entry
from marketplace.journal.sealing import BATCH, BEFORE_ALL, fields, row_digest
from marketplace.kit.db import db, in_portions
from marketplace.settings import settings


def of(family: Family) -> Iterator[tuple[str, Any]]:
    """ "rows", "chain" and "heads" of the sealed rows of a family, each as JSON.

    rows: as in docs/journal-v1.md, with `prev`. chain: {"from": {"seq", "hash"}, "rows": [digest, …], "to": …}, from
    the last head before the first row to the first head from the last row on, or to that row where it is too new.
    """
    query = sa.select(Entry).where(family.subjects, Entry.seq.is_not(None)).order_by(Entry.seq)
    rows = [{**fields(entry), "prev": entry.prev, "hash": entry.hash} for entry in db.session.scalars(query)]
    yield "rows", rows
    first, last = (rows[0]["seq"], rows[-1]["seq"]) if rows else (1, 0)
    days = heads()
    start = max((day.seq for day in days if day.seq < first), default=0)
    end = min((day.seq for day in days if day.seq >= last), default=last)
    yield "chain", _chain(start, end)
    yield "heads", _heads([day for day in days if start <= day.seq <= end])


def on_chain(names: Sequence[str]) -> dict[str, Any]:
    """Of what was anchored: {"chain_id", "contract", "records": [{"name", "subject", "root", "tx", "block"}]}."""
    records = [
        {"name": name, "subject": found.subject, "root": found.root, "tx": found.tx_hash, "block": found.block}
        for name, found in anchored_all(names).items()
    ]
    records.sort(key=lambda record: str(record["name"]))
    return {"chain_id": settings().chain_id, "contract": register.contracts().get(ANCHORS), "records": records}


def _chain(start: int, end: int) -> dict[str, Any]:
    between = sa.select(Entry).where(Entry.seq > start, Entry.seq <= end).order_by(Entry.seq)
    digests = [row_digest(fields(e)) for e in db.session.scalars(in_portions(between, BATCH))]
    return {
        "from": {"seq": start, "hash": _hash(start)},
        "rows": digests,
        "to": {"seq": end, "hash": _hash(end)},
    }


def _hash(seq: int) -> str:
    return db.session.scalar(sa.select(Entry.hash).where(Entry.seq == seq)) or BEFORE_ALL


def _heads(days: list[Day]) -> dict[str, Any]:
    places = on_chain([day.name for day in days])
    shown = [{"day": day.day.isoformat(), "seq": day.seq, "hash": day.hash, "name": day.name} for day in days]
    return {**places, "days": shown}
