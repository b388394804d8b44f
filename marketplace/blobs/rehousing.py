"""Move what lies elsewhere to where UPLOADS says: from the database into the bucket, or back. Pages go on meanwhile.

Each blob moves by itself, under a new key: read and hashed, put there, then one transaction names the new place and
promises to delete the old bytes. Killed in between, the next run begins with the first that has not moved.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from marketplace.blobs.keeping import Broken, bring, keep_instead, read
from marketplace.blobs.models import Blob, Place
from marketplace.kit.db import db, let_go, transaction
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.settings import settings

LINGERS = timedelta(hours=1)
"""The old bytes stay for whoever has just looked up where they are: a page, or a backup."""
Told = Callable[[str], None]


@dataclass
class Moved:
    count: int = 0
    broken: list[str] = field(default_factory=list)
    """What is wrong with those that could not be moved: they stay as they are."""


def elsewhere() -> sa.ColumnElement[bool]:
    """Blobs that are not where the settings want new ones."""
    return Blob.place != Place(settings().uploads)


def rehouse(told: Told = lambda key: None) -> Moved:
    """Move all of them. NoRoom, NoAnswer, Unavailable: what has moved by then has moved."""
    moved = Moved()
    for blob_id, key in _found():
        try:
            moved.count += move(blob_id, key)
        except Broken as trouble:
            moved.broken.append(str(trouble))
        except LookupError:
            continue  # let go of meanwhile
        told(key)
    return moved


def command(told: Told) -> int:
    """rehouse() as a person calls it; the exit code, 2 where something could not be moved."""
    try:
        moved = rehouse(told)
    except (Refused, Unavailable) as trouble:
        moved = Moved(broken=[str(trouble.__cause__ or trouble)])
    if moved.broken:
        sys.stderr.write("\n".join(moved.broken) + "\n")
        return 2
    sys.stdout.write(f"{moved.count:,} files moved: every file is in the {settings().uploads}\n")
    return 0


def move(blob_id: int, key: str) -> bool:
    """False where somebody else moved it or let go of it meanwhile: what we put is swept."""
    data = read(blob_id)
    brought = bring(key.partition("/")[0], data)
    with transaction() as session:
        row = session.get(Blob, blob_id, with_for_update=True, populate_existing=True)
        if row is None or row.key != key:
            return False
        keep_instead(row, brought, after=LINGERS)
        return True


def _found() -> Iterator[tuple[int, str]]:
    last = 0
    while True:
        following = sa.select(Blob.id, Blob.key).where(elsewhere(), Blob.id > last).order_by(Blob.id).limit(1)
        row = db.session.execute(following).one_or_none()
        let_go()
        if row is None:
            return
        last = row.id
        yield row.id, row.key
