"""Bytes are put before the transaction that names them, and go after the one that lets go of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.blobs.keeping import Broken, NoAnswer, bring, drop, keep, read
from marketplace.blobs.models import Blob, Place
from marketplace.blobs.sweeping import AGE, sweep
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.outbox import keeping, troubles
from marketplace.outbox.models import Message
from marketplace.settings import Settings
from tests import local_bucket
from tests.apps import another
from tests.crashing import rolled_back
from tests.local_bucket import LocalBucket
from tests.local_chain import free_port

OLD = AGE + timedelta(hours=1)
DATA = b"a document of somebody"


@pytest.fixture
def town(app: Flask, settings: Settings, bucket: LocalBucket) -> Iterator[Flask]:
    """Keeps its bytes in the bucket."""
    with another(bucket.settings(settings)) as town:
        yield town


def kept(data: bytes = DATA) -> int:
    brought = bring("enclosures", data)
    with transaction():
        return keep(brought)


def test_what_was_brought_and_named_is_read(town: Flask, bucket: LocalBucket) -> None:
    blob_id = kept()
    assert read(blob_id) == DATA
    row = get(Blob, blob_id)
    assert (row.place, row.size, [row.key]) == (Place.BUCKET, len(DATA), bucket.names())
    assert (bucket.directory / row.key).read_bytes() == DATA


def test_the_same_bytes_of_two_people_go_by_themselves(town: Flask, bucket: LocalBucket) -> None:
    """Whoever lets go takes nothing from the other one."""
    one, other = kept(), kept()
    with transaction():
        drop([one])
    assert len(bucket.names()) == 2
    keeping.drain()
    assert bucket.names() == [get(Blob, other).key]
    assert read(other) == DATA
    with pytest.raises(LookupError):
        read(one)


def test_a_transaction_that_fails_lets_go_of_nothing(town: Flask, bucket: LocalBucket) -> None:
    blob_id = kept()
    with rolled_back():
        drop([blob_id])
    keeping.drain()
    assert read(blob_id) == DATA


def test_what_nobody_named_is_swept_after_a_day_and_nothing_else(town: Flask, bucket: LocalBucket) -> None:
    named, key = kept(), f"pictures/{'c' * 64}-{'0' * 16}"
    bring("enclosures", b"the process died here")
    failed = bring("enclosures", b"its transaction failed")
    with rolled_back():
        keep(failed)
    foreign = ["hand/made.txt", "enclosures/readme"]
    for each in foreign:
        bucket.write(each, b"of somebody else")
    assert sweep() == 0  # whoever brought it may be about to name it
    bucket.write(key, b"old")
    for each in bucket.names():
        bucket.age(each, OLD)
    fresh = bring("pictures", b"just now")
    assert sweep() == 3
    assert bucket.names() == sorted([get(Blob, named).key, fresh.key, *foreign])
    assert read(named) == DATA


def test_bytes_that_were_changed_or_lost_are_never_given_out(town: Flask, bucket: LocalBucket) -> None:
    changed, lost = kept(), kept()
    bucket.write(get(Blob, changed).key, DATA.replace(b"somebody", b"anybody!"))
    (bucket.directory / get(Blob, lost).key).unlink()
    for blob_id, why in ((changed, "is not what was kept"), (lost, "is missing in the bucket")):
        with pytest.raises(Broken, match=why):
            read(blob_id)


def test_a_store_that_is_away_refuses_what_comes_and_loses_nothing_that_goes(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "s3").mkdir()
    with local_bucket.serving(tmp_path / "s3") as store:
        bucket = store.bucket()
        with another(bucket.settings(settings)):
            blob_id = kept()
    away = bucket.settings(settings, s3_endpoint=f"http://127.0.0.1:{free_port()}")
    with another(away):
        with pytest.raises(NoAnswer, match="いま応答していません"):
            bring("enclosures", b"one more")
        with pytest.raises(Unavailable):
            read(blob_id)
        with transaction():
            drop([blob_id])
        keeping.drain()
        assert db.session.scalars(sa.select(Message.error)).all() == ["Unavailable: S3: it did not answer a moment ago"]
    assert bucket.names() != []
    with local_bucket.serving(tmp_path / "s3") as store, another(bucket.settings(settings, s3_endpoint=store.url)):
        troubles.retry(db.session.scalars(sa.select(Message.id)).one())
        keeping.drain()
        assert bucket.names() == []


def test_a_bucket_that_the_settings_forgot_is_trouble_and_not_an_empty_place(
    town: Flask, settings: Settings, bucket: LocalBucket
) -> None:
    blob_id = kept()
    with another(settings), pytest.raises(Unavailable, match="S3_ENDPOINT is empty"):
        read(blob_id)
