"""What a town holds, as hashes: two towns with the same digests are the same, whatever database keeps them.

Each table's digest covers every column of every row, in the order of the primary key. The published ones are of what
strangers recompute: the journal's head, the draws, the auctions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from marketplace.continuity import facts
from marketplace.kit.db import Base, db, in_portions
from marketplace.kit.published import Record

AT_ONCE = 2_000
Told = Callable[[str], None]


def of_everything(told: Told = lambda table: None) -> Record:
    """{"tables": {name: {"rows", "sha256"}}, "published": {"journal", "draws", "auctions"}} as this session sees it."""
    return {"tables": {table.name: _of_table(table, told) for table in tables()}, "published": _published()}


def tables() -> list[sa.Table]:
    """All of ours; those that others refer to first."""
    return Base.metadata.sorted_tables


def different(ours: Record, theirs: Record) -> list[str]:
    """What is not the same, by name."""
    return [
        f"{kind} {name}: {ours[kind].get(name)}, was {theirs[kind].get(name)}"
        for kind in ("tables", "published")
        for name in sorted({*ours[kind], *theirs[kind]})
        if ours[kind].get(name) != theirs[kind].get(name)
    ]


def _of_table(table: sa.Table, told: Told) -> Record:
    digest, count = hashlib.sha256(), 0
    query = in_portions(sa.select(table).order_by(*table.primary_key), AT_ONCE)
    for row in db.session.execute(query):
        digest.update(json.dumps([_plain(value) for value in row], ensure_ascii=False, sort_keys=True).encode())
        digest.update(b"\n")
        count += 1
    told(table.name)
    return {"rows": count, "sha256": digest.hexdigest()}


def _plain(value: Any) -> Any:
    """JSON of what databases give back in different dress."""
    if isinstance(value, bytes | memoryview):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _published() -> Record:
    journal = facts.journal_days()
    return {
        "journal": f"{journal['seq']} {journal['hash']}",
        "draws": _hash(dict(facts.draws())),
        "auctions": _hash(dict(facts.auctions())),
    }


def _hash(found: Record) -> str:
    return f"{len(found)} {hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()}"
