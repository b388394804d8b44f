"""Chain the journal: each sealed row's hash covers the one before, so that a later change shows.

Sealing is a sheet of its own because a chain written by each transaction would let only one commit at a time.
"""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785
import sqlalchemy as sa

from marketplace.journal.models import Entry, Head
from marketplace.kit.db import insert_once, lock, transaction
from marketplace.kit.sheets import sheet

BATCH = 1000
BEFORE_ALL = "0" * 64
"""What the first row is chained to."""


def digest(prev: str, fields: dict[str, Any]) -> str:
    """H(prev || row_digest(fields)), hex; SHA-256."""
    return link(prev, row_digest(fields))


def row_digest(fields: dict[str, Any]) -> str:
    """H(canonical JSON of the row), hex; RFC 8785. With the digests of other rows alone, a row is shown to be in the
    chain without what the others say."""
    return hashlib.sha256(rfc8785.dumps(fields)).hexdigest()


def link(prev: str, row: str) -> str:
    """The hash of a row from the one before and the row's own digest."""
    return hashlib.sha256(bytes.fromhex(prev + row)).hexdigest()


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
        insert_once(Head, {"id": 1, "seq": 0, "hash": BEFORE_ALL})
        head = lock(Head, 1)
        entries = list(session.scalars(sa.select(Entry).where(Entry.seq.is_(None)).order_by(Entry.id).limit(BATCH)))
        for entry in entries:
            entry.seq = head.seq + 1
            entry.prev = head.hash
            entry.hash = digest(head.hash, fields(entry))
            head.seq, head.hash = entry.seq, entry.hash
        return len(entries)
