"""What every place for bytes does. The same sentences hold for the database and for a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.blobs import bucket as bucket_store
from marketplace.blobs import store as database_store
from marketplace.blobs.models import Place, StoredBytes
from marketplace.blobs.store import Store, is_full, stores
from marketplace.kit.clock import now
from marketplace.kit.db import transaction
from tests.apps import another
from tests.local_bucket import LocalBucket
from tests.racing import at_once

DATA = bytes(range(256)) * 300
KEY, OTHER = (f"pictures/{letter * 64}-{'0' * 16}" for letter in "ab")


@pytest.fixture(params=list(Place))
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.param
    return found


@pytest.fixture
def town(app: Flask, bucket: LocalBucket, place: Place) -> Iterator[Flask]:
    with another(bucket.settings(app.extensions["hiroba.settings"])) as town:
        yield town


@pytest.fixture
def store(town: Flask, place: Place) -> Store:
    return stores()[place]


def grown_old(place: Place, bucket: LocalBucket, key: str, by: timedelta) -> None:
    if place == Place.BUCKET:
        bucket.age(key, by)
        return
    with transaction() as session:
        session.execute(sa.update(StoredBytes).where(StoredBytes.key == key).values(put_at=now() - by))


def test_what_was_put_is_got_and_putting_it_again_changes_nothing(store: Store) -> None:
    store.put(KEY, DATA)
    store.put(KEY, DATA)
    assert store.get(KEY, len(DATA)) == DATA


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(LookupError):
        store.get(KEY, 1)


def test_what_is_deleted_is_gone_and_deleting_it_again_is_fine(store: Store) -> None:
    store.put(KEY, DATA)
    store.put(OTHER, b"stays")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(LookupError):
        store.get(KEY, len(DATA))
    assert store.get(OTHER, 5) == b"stays"


def test_the_keys_of_what_is_older_are_told(store: Store, bucket: LocalBucket, place: Place) -> None:
    assert list(store.older(now() + timedelta(minutes=1))) == []
    for key in (KEY, OTHER):
        store.put(key, DATA)
    grown_old(place, bucket, KEY, timedelta(hours=30))
    assert list(store.older(now() - timedelta(hours=24))) == [KEY]
    assert sorted(store.older(now() + timedelta(minutes=1))) == [KEY, OTHER]


def test_a_long_list_is_told_to_its_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_store, "PAGE", 3)
    monkeypatch.setattr(database_store, "AT_ONCE", 3)
    keys = [f"pictures/{number:064x}-{'0' * 16}" for number in range(10)]
    for key in keys:
        store.put(key, b"x")
    assert sorted(store.older(now() + timedelta(minutes=1))) == keys


def test_many_at_the_same_moment_each_get_their_own(town: Flask, store: Store) -> None:
    def put_and_get(number: int) -> bool:
        key, data = f"pictures/{number:064x}-{'0' * 16}", DATA + bytes([number])
        store.put(key, data)
        return store.get(key, len(data)) == data

    assert at_once(town, 6, put_and_get) == [True] * 6


def test_no_transaction_waits_for_it(store: Store) -> None:
    with transaction():
        for act in (
            lambda: store.put(KEY, DATA),
            lambda: store.get(KEY, 1),
            lambda: store.delete(KEY),
            lambda: next(store.older(now()), None),
        ):
            with pytest.raises(AssertionError):
                act()


def test_it_knows_us(store: Store) -> None:
    store.greet()


def test_other_trouble_of_the_database_is_not_called_a_full_disk() -> None:
    class DiskFull(Exception):
        sqlstate = "53100"

    class Gone(Exception):
        sqlstate = "57P01"

    assert is_full(sa.exc.OperationalError("INSERT", {}, DiskFull()))
    assert not is_full(sa.exc.OperationalError("INSERT", {}, Gone()))
