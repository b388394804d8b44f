"""Chain the journal: each sealed row's hash covers the one before, so that a later change shows.

Sealing is a sheet of its own because a chain written by each transaction would let only one commit at a time.
"""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785
import sqlalchemy as sa

from marketplace.journal.models import Entry, Head
from marketplace.kit.db import db, insert_once, lock, transaction
from marketplace.kit.sheets import sheet

BATCH = 1000


def digest(prev: str, fields: dict[str, Any]) -> str:
    """H(prev || canonical JSON of the row), hex; SHA-256 and RFC 8785."""
    return hashlib.sha256(bytes.fromhex(prev) + rfc8785.dumps(fields)).hexdigest()


def fields(entry: Entry) -> dict[str, Any]:
    """What the hash covers, as it is published."""
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "subject": entry.subject,
        "event": entry.event,
        "from": entry.from_state,
        "to": entry.to_state,
        "by": entry.by,
        "why": entry.why,
        "details": entry.details,
    }


@sheet(every=5, name="journal.seal")
def seal() -> int:
    """Chain what is not chained yet; the number of rows sealed."""
    with transaction() as session:
        insert_once(Head, {"id": 1, "seq": 0, "hash": "0" * 64})
        head = lock(Head, 1)
        entries = list(session.scalars(sa.select(Entry).where(Entry.seq.is_(None)).order_by(Entry.id).limit(BATCH)))
        for entry in entries:
            entry.seq = head.seq + 1
            entry.prev = head.hash
            entry.hash = digest(head.hash, fields(entry))
            head.seq, head.hash = entry.seq, entry.hash
        return len(entries)


def first_broken(after: int = 0) -> int | None:
    """The first seq whose row does not fit or is missing, up to the head; None: the chain is whole."""
    head = db.session.get(Head, 1)
    seen, prev = after, "0" * 64
    if after:
        found = db.session.scalar(sa.select(Entry.hash).where(Entry.seq == after))
        assert found is not None
        prev = found
    end = head.seq if head else after
    while seen < end:
        page = sa.select(Entry).where(Entry.seq > seen, Entry.seq <= end).order_by(Entry.seq).limit(BATCH)
        entries = list(db.session.scalars(page))
        if not entries:
            return seen + 1
        for entry in entries:
            if entry.seq != seen + 1 or entry.prev != prev or entry.hash != digest(prev, fields(entry)):
                return seen + 1
            seen, prev = entry.seq, entry.hash
    return None
