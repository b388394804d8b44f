"""A place for bytes: one port, two counters. This is the one that needs nothing but the database; the other is a bucket
(bucket.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from flask import current_app

from marketplace.blobs.models import Place, StoredBytes
from marketplace.kit.clock import now
from marketplace.kit.db import db, insert_once, let_go, transaction, writing
from marketplace.kit.refusals import Refused, Unavailable

AT_ONCE = 500


class NoRoom(Refused):
    """The disk, the database or the bucket is full."""

    code = "no_room"
    status = 507
    message = (
        "保存する場所がいっぱいで、保存できませんでした。システムの担当者にお知らせください。"
        "ほかの入力はそのまま残っています。"
    )


class Store(Protocol):
    """Bytes by key. All of it outside transaction(), and what was read before may be read anew: a bucket is asked
    without a snapshot. Each raises Unavailable where the place does not answer."""

    def put(self, key: str, data: bytes) -> None:
        """Whole, or not at all. Again with the same bytes changes nothing. NoRoom."""

    def get(self, key: str, size: int) -> bytes:
        """`size` bytes, more of them are not read. LookupError where there is no such key."""

    def delete(self, key: str) -> None:
        """One that is not there is deleted already."""

    def older(self, than: datetime) -> Iterator[str]:
        """The keys of what was put before that moment, in any order."""

    def greet(self) -> None:
        """Nothing, where it answers and knows us."""


class DatabaseStore:
    """Rows of our own database. Each call is a transaction by itself, as each call to a bucket is."""

    def put(self, key: str, data: bytes) -> None:
        assert not writing()
        with room(), transaction():
            insert_once(StoredBytes, {"key": key, "data": data, "put_at": now()})

    def get(self, key: str, size: int) -> bytes:
        assert not writing()
        data = db.session.scalar(sa.select(StoredBytes.data).where(StoredBytes.key == key))
        if data is None:
            raise LookupError(key)
        return bytes(data)

    def delete(self, key: str) -> None:
        assert not writing()
        with transaction() as session:
            session.execute(sa.delete(StoredBytes).where(StoredBytes.key == key))

    def older(self, than: datetime) -> Iterator[str]:
        assert not writing()
        last = ""
        keys = sa.select(StoredBytes.key).where(StoredBytes.put_at < than).order_by(StoredBytes.key).limit(AT_ONCE)
        while found := list(db.session.scalars(keys.where(StoredBytes.key > last))):
            let_go()
            yield from found
            last = found[-1]

    def greet(self) -> None:
        """That the database answers is asked elsewhere."""


@contextmanager
def room() -> Iterator[None]:
    """Whatever is written in here: NoRoom where the database has no room for it."""
    try:
        yield
    except sa.exc.OperationalError as error:
        if is_full(error):
            raise NoRoom from error
        raise


def is_full(error: sa.exc.OperationalError) -> bool:
    """Whether the database says that there is no room left: SQLITE_FULL, or PostgreSQL's disk_full (53100)."""
    name = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return name in ("SQLITE_FULL", "53100")


def stores() -> dict[Place, Store]:
    """Every place that the settings know."""
    found: dict[Place, Store] = current_app.extensions["hiroba.ports"].stores
    return found


def store(place: Place) -> Store:
    """Unavailable where bytes lie in a bucket that the settings do not name any more."""
    try:
        return stores()[place]
    except KeyError:
        raise Unavailable("S3_ENDPOINT is empty") from None
