"""What lies elsewhere moves to where the settings say, there and back, however often it is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.blobs import rehousing
from marketplace.blobs.keeping import bring, drop, keep, read
from marketplace.blobs.models import Blob, Place, StoredBytes
from marketplace.blobs.rehousing import LINGERS, rehouse
from marketplace.blobs.sweeping import AGE, sweep
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.settings import Settings
from tests.apps import another
from tests.crashing import PowerCut
from tests.local_bucket import LocalBucket
from tests.processes import eventually
from tests.racing import at_once

ROOT = Path(__file__).parents[2]
MANY = 12


@pytest.fixture
def there(app: Flask, settings: Settings, bucket: LocalBucket) -> Iterator[Flask]:
    """The same town, which keeps its bytes in the bucket from now on."""
    with another(bucket.settings(settings)) as there:
        yield there


def data_of(number: int) -> bytes:
    return f"document {number}".encode() * 50


def some(count: int = MANY) -> list[int]:
    found = []
    for number in range(count):
        brought = bring("enclosures", data_of(number))
        with transaction():
            found.append(keep(brought))
    return found


def all_there(ids: list[int]) -> bool:
    return [read(blob_id) for blob_id in ids] == [data_of(number) for number in range(len(ids))]


def after_a_while() -> None:
    """Old bytes stay for LINGERS; then their time has come. (A store believes no clock that is moved.)"""
    for row in db.session.scalars(sa.select(Message).where(Message.done_at.is_(None))).all():
        assert row.due_at - row.said_at == LINGERS
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.done_at.is_(None)).values(due_at=now()))
    keeping.drain()


def places() -> set[Place]:
    db.session.rollback()  # what others have written meanwhile
    return set(db.session.scalars(sa.select(Blob.place)))


def in_database() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(StoredBytes)) or 0


def test_there_and_back(app: Flask, settings: Settings, bucket: LocalBucket) -> None:
    ids = some()
    with another(bucket.settings(settings)):
        assert rehouse().count == MANY
        assert (places(), all_there(ids), len(bucket.names())) == ({Place.BUCKET}, True, MANY)
        assert rehouse().count == 0
        assert in_database() == MANY  # for whoever has just looked up where they are
        after_a_while()
        assert in_database() == 0
    with another(bucket.settings(settings, uploads="database")):
        assert all_there(ids)
        assert rehouse().count == MANY
        after_a_while()
        assert (places(), bucket.names()) == ({Place.DATABASE}, [])
    assert all_there(ids)


def test_the_old_bytes_stay_for_who_reads_them_though_they_are_old(
    app: Flask, settings: Settings, bucket: LocalBucket
) -> None:
    ids = some()
    with transaction() as session:
        session.execute(sa.update(StoredBytes).values(put_at=now() - 2 * AGE))
    with another(bucket.settings(settings)):
        rehouse()
        assert (sweep(), in_database()) == (0, MANY)
        after_a_while()
        assert (in_database(), all_there(ids)) == (0, True)


def test_one_that_dies_between_putting_and_naming_begins_there_again(
    app: Flask, settings: Settings, bucket: LocalBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = some(3)

    def dies(*_given: object) -> None:
        raise PowerCut

    with another(bucket.settings(settings)):
        with monkeypatch.context() as cut:
            cut.setattr(rehousing, "transaction", dies)
            with pytest.raises(PowerCut):
                rehouse()
        assert (places(), all_there(ids), len(bucket.names())) == ({Place.DATABASE}, True, 1)
        assert rehouse().count == 3
        assert (places(), all_there(ids)) == ({Place.BUCKET}, True)


def test_two_at_the_same_moment_move_each_once(there: Flask, settings: Settings, bucket: LocalBucket) -> None:
    with another(settings):
        ids = some()
    moved = at_once(there, 2, lambda _: rehouse().count)
    assert sum(moved) == MANY
    assert (places(), all_there(ids)) == ({Place.BUCKET}, True)


def test_what_is_let_go_of_while_it_moves_is_let_go_of(
    there: Flask, settings: Settings, bucket: LocalBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with another(settings):
        (blob_id,) = some(1)
    key = get(Blob, blob_id).key

    def dropped_meanwhile(kind: str, data: bytes) -> object:
        with transaction():
            drop([blob_id])
        return bring(kind, data)

    monkeypatch.setattr(rehousing, "bring", dropped_meanwhile)
    assert not rehousing.move(blob_id, key)
    keeping.drain()
    assert (in_database(), db.session.get(Blob, blob_id)) == (0, None)


def test_a_damaged_one_stays_is_named_and_holds_up_no_other(there: Flask, settings: Settings) -> None:
    with another(settings):
        ids = some(3)
    with transaction() as session:
        session.execute(sa.update(StoredBytes).where(StoredBytes.key == get(Blob, ids[0]).key).values(data=b"x"))
    moved = rehouse()
    assert (moved.count, moved.broken) == (2, [f"blob {ids[0]} in the database is not what was kept"])


def test_the_command_is_killed_again_and_again_and_nothing_is_lost(
    app: Flask, settings: Settings, bucket: LocalBucket
) -> None:
    ids = some()
    here = bucket.settings(settings)
    env = {
        name.upper(): getattr(value, "get_secret_value", lambda value=value: str(value))()
        for name in ("database_url", "data_dir", "secret_key", "base_url", "uploads")
        for value in [getattr(here, name)]
    }
    env |= {"S3_ENDPOINT": bucket.url, "S3_BUCKET": bucket.directory.name, "S3_KEY_ID": here.s3_key_id}
    env |= {"S3_TIMEOUT_S": "60", "S3_SECRET": here.s3_secret.get_secret_value(), "PATH": os.environ["PATH"]}

    def begun() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "marketplace", "rehouse"]
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def has_moved(enough: int, running: subprocess.Popen[bytes]) -> bool:
        return running.poll() is not None or len(bucket.names()) >= enough

    with another(here):
        for enough in (1, 5):
            running = begun()
            assert eventually(partial(has_moved, enough, running))
            running.send_signal(signal.SIGKILL)
            running.communicate()
            assert all_there(ids)
        said = (last := begun()).communicate()[0]
        assert last.returncode == 0
        assert b"every file is in the bucket" in said
        assert (places(), all_there(ids)) == ({Place.BUCKET}, True)
