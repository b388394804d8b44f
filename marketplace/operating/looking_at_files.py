"""Whether the bytes of pictures and documents are to be had, from where the settings say, and by us alone."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from marketplace.blobs.bucket import Bucket
from marketplace.blobs.keeping import Broken, new_key, read
from marketplace.blobs.models import Blob, Place
from marketplace.blobs.rehousing import elsewhere
from marketplace.blobs.store import stores
from marketplace.kit.db import db, let_go
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.operating.faults import found
from marketplace.operating.health import Finding
from marketplace.settings import settings

PROBE = b"the doctor was here"


def files(deep: bool) -> Iterator[Finding]:
    """`deep` also writes a probe, asks for it as a stranger, and reads and hashes every file that we keep."""
    known = stores()
    strays = _count(elsewhere())
    lost = 0 if Place.BUCKET in known else _count(Blob.place == Place.BUCKET)
    if lost:
        yield found("files.no_bucket", count=lost)
    elif strays:
        yield found("files.elsewhere", count=strays, place=settings().uploads)
    bucket = known.get(Place.BUCKET)
    if isinstance(bucket, Bucket):
        try:
            bucket.greet()
            if deep and _strangers_see(bucket):
                yield found("files.open_to_all")
        except (Refused, Unavailable) as trouble:
            yield found("files.no_answer", why=str(trouble))
            return
    if deep and not lost and (broken := sum(map(_is_broken, _all()))):
        yield found("files.broken", count=broken)


def _count(which: sa.ColumnElement[bool]) -> int:
    count = db.session.scalar(sa.select(sa.func.count()).select_from(Blob).where(which)) or 0
    let_go()
    return count


def _strangers_see(bucket: Bucket) -> bool:
    key = new_key("probe", PROBE)
    bucket.put(key, PROBE)
    try:
        return bucket.is_open_to_strangers(key)
    finally:
        bucket.delete(key)


def _all() -> list[int]:
    ids = list(db.session.scalars(sa.select(Blob.id).order_by(Blob.id)))
    let_go()
    return ids


def _is_broken(blob_id: int) -> bool:
    try:
        read(blob_id)
    except Broken:
        return True
    except LookupError:
        return False  # let go of meanwhile
    finally:
        let_go()
    return False
