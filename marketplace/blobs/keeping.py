"""Bring bytes to their place, name them, read them, let go of them.

    brought = bring("pictures", data)         # outside a transaction: the place may be a network away
    with transaction():
        row.blob_id = keep(brought)           # from here on they are somebody's

What dies between the two leaves bytes that nobody names; sweeping.py takes them away after a day. No key is ever used
twice, so a deletion that comes late takes nothing that came since.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from marketplace.blobs.models import Blob, Place
from marketplace.blobs.store import store
from marketplace.kit.db import db, writing
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.outbox.promising import handles, say
from marketplace.settings import settings

log = logging.getLogger(__name__)

KEY = re.compile(r"[a-z]+/[0-9a-f]{64}-[0-9a-f]{16}")


class NoAnswer(Refused, Unavailable):
    """The place is silent: a person reads why and keeps what was typed, a promise waits."""

    code = "store_silent"
    status = 503
    message = (
        "ファイルを保存する場所が、いま応答していません。数分おいて、もう一度お試しください。"
        "ほかの入力はそのまま残っています。"
    )


class Broken(Unavailable):
    """Bytes are missing, or are not what was kept. A backup may have them (docs/operate.md)."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Bytes that are in their place, and that nobody names yet."""

    key: str
    place: Place
    sha256: str
    size: int


def bring(kind: str, data: bytes) -> Brought:
    """Put the bytes where UPLOADS says, outside transaction(). NoRoom, NoAnswer."""
    brought = Brought(new_key(kind, data), Place(settings().uploads), hashlib.sha256(data).hexdigest(), len(data))
    try:
        store(brought.place).put(brought.key, data)
    except Unavailable as trouble:
        log.warning("%s", trouble)
        raise NoAnswer from trouble
    return brought


def new_key(kind: str, data: bytes) -> str:
    """A name that tells the hash of what it names, and was never there before."""
    return f"{kind}/{hashlib.sha256(data).hexdigest()}-{secrets.token_hex(8)}"


def keep(brought: Brought) -> int:
    """Name what was brought, inside the transaction that needs it; the id of the blob."""
    assert writing(), "keep() belongs inside transaction()"
    row = Blob(key=brought.key, place=brought.place, sha256=brought.sha256, size=brought.size)
    db.session.add(row)
    db.session.flush()
    return row.id


def read(blob_id: int) -> bytes:
    """The bytes, hashed again. Outside transaction(). LookupError for no such blob; Broken, Unavailable."""
    key, place, sha256, size = find(blob_id)
    try:
        data = store(place).get(key, size)
    except LookupError:
        log.error("blob %s is missing in the %s", blob_id, place)
        raise Broken(f"blob {blob_id} is missing in the {place}") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        log.error("blob %s in the %s is not what was kept", blob_id, place)
        raise Broken(f"blob {blob_id} in the {place} is not what was kept")
    return data


def find(blob_id: int) -> tuple[str, Place, str, int]:
    """(key, place, SHA-256, size). LookupError."""
    row = db.session.execute(
        sa.select(Blob.key, Blob.place, Blob.sha256, Blob.size).where(Blob.id == blob_id)
    ).one_or_none()
    if row is None:
        raise LookupError(f"Blob {blob_id}")
    return row.key, row.place, row.sha256, row.size


def drop(blob_ids: Iterable[int]) -> None:
    """Let go of blobs, inside the transaction whose rows name them no more ⇢ blob.dropped, which deletes the bytes."""
    db.session.flush()
    for blob_id in blob_ids:
        gone = sa.delete(Blob).where(Blob.id == blob_id).returning(Blob.key, Blob.place)
        key, place = db.session.execute(gone).one()
        promise_to_delete(key, place)


def keep_instead(row: Blob, brought: Brought, after: timedelta) -> None:
    """Let a blob, which the caller has locked, be in another place; its old bytes go `after` that ⇢ blob.dropped."""
    promise_to_delete(row.key, row.place, after)
    row.key, row.place = brought.key, brought.place


def promise_to_delete(key: str, place: Place, after: timedelta = timedelta(0)) -> None:
    """⇢ blob.dropped"""
    say("blob.dropped", key=key, after=after, blob=key, place=place)


@handles("blob.dropped")
def delete(blob: str, place: str) -> None:
    store(Place(place)).delete(blob)
