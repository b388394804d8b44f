"""The bytes that lie in a bucket go into the backup too: a backup is whole by itself, and can be put back anywhere.

Nothing in a bucket ever changes under its key. So each file is fetched once: later backups in the same directory share
it by a hard link, after it was hashed again, and a backup of many gigabytes costs what came since the one before.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from marketplace.blobs.models import Blob, Place, StoredBytes
from marketplace.blobs.store import store, stores
from marketplace.continuity.exporting import Kit
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, let_go, transaction
from marketplace.kit.refusals import Refused
from marketplace.operating.archive import Archive

FOLDER = "files"


class Moving(Refused):
    code = "files_are_moving"
    message = "ファイルの移動が終わってから、もう一度バックアップしてください。"


@dataclass(frozen=True)
class Filed:
    """What the database of one moment says of a file in the bucket."""

    blob_id: int
    key: str
    sha256: str
    size: int

    @property
    def path(self) -> str:
        return f"{FOLDER}/{self.key}"


def in_the_bucket() -> list[Filed]:
    """As this session sees it."""
    named = sa.select(Blob.id, Blob.key, Blob.sha256, Blob.size).where(Blob.place == Place.BUCKET).order_by(Blob.id)
    return [Filed(*row) for row in db.session.execute(named)]


def copy_files(kit: Kit, filed: list[Filed], before: Archive | None) -> list[str]:
    """Bring each file into the backup, outside every snapshot; the keys of those that are lost or not what was kept.

    What the town let go of since the moment is in neither. Unavailable where the bucket is silent, Moving.
    """
    missing = []
    for each in filed:
        if before is not None and before.has(each.path) and _shared(kit, each, before.place / each.path):
            continue
        try:
            data = store(Place.BUCKET).get(each.key, each.size)
        except LookupError:
            data = b""
        if hashlib.sha256(data).hexdigest() == each.sha256:
            kit.write(each.path, [data])
            continue
        standing = db.session.scalar(sa.select(Blob.key).where(Blob.id == each.blob_id))
        let_go()
        if standing not in (None, each.key):
            raise Moving
        if standing is not None:
            missing.append(each.key)
    return missing


def _shared(kit: Kit, each: Filed, earlier: Path) -> bool:
    with earlier.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != each.sha256:
            return False
    target = kit.place / each.path
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(earlier, target)
    kit.note(each.path, each.sha256, each.size)
    return True


def put_back(archive: Archive) -> list[str]:
    """After the database is restored: each file into the bucket of the settings, or into the database where they name
    none, as in a rehearsal. What is wrong."""
    missing = set(archive.manifest().get("missing", []))
    wrong = []
    filed = in_the_bucket()
    let_go()
    for each in filed:
        if each.key in missing:
            continue
        try:
            data = (archive.place / each.path).read_bytes()
        except FileNotFoundError:
            wrong.append(f"file {each.key}: not in the backup")
            continue
        if Place.BUCKET in stores():
            _into_the_bucket(each, data)
        else:
            _into_the_database(each, data)
    return wrong


def _into_the_bucket(each: Filed, data: bytes) -> None:
    bucket = store(Place.BUCKET)
    try:
        if bucket.get(each.key, each.size) == data:
            return
    except LookupError:
        pass
    bucket.put(each.key, data)


def _into_the_database(each: Filed, data: bytes) -> None:
    with transaction() as session:
        insert_once(StoredBytes, {"key": each.key, "data": data, "put_at": now()})
        session.execute(sa.update(Blob).where(Blob.id == each.blob_id).values(place=Place.DATABASE))
