"""Files that lie in a bucket: what the doctor finds, and how a backup brings them along."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from marketplace.blobs.keeping import bring, drop, keep, read
from marketplace.blobs.models import Blob, Place
from marketplace.continuity.exporting import Kit
from marketplace.kit.db import db, get, transaction
from marketplace.operating import backing_up, copying_files, restoring
from marketplace.operating.archive import Archive
from marketplace.operating.backing_up import NoBackup, back_up
from marketplace.operating.copying_files import Filed
from marketplace.outbox import keeping
from marketplace.settings import Settings
from tests.apps import another
from tests.databases import Databases
from tests.local_bucket import LocalBucket, LocalStore
from tests.local_chain import free_port
from tests.operating.looked import changed, codes, codes_with, findings


@pytest.fixture
def town(app: Flask, settings: Settings, bucket: LocalBucket) -> Iterator[Settings]:
    """Keeps its bytes in the bucket, and has two files there."""
    here = bucket.settings(settings)
    with another(here):
        yield here


@pytest.fixture
def elsewhere(databases: Databases, settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Another machine, whose settings name no bucket."""
    with databases.empty() as url:
        yield changed(settings, database_url=url, data_dir=tmp_path / "elsewhere")


def kept(data: bytes) -> int:
    brought = bring("enclosures", data)
    with transaction():
        return keep(brought)


def key_of(blob_id: int) -> str:
    key = get(Blob, blob_id).key
    db.session.rollback()
    return key


def restored(archive: Archive, where: Settings) -> list[str]:
    restoring.restore_files(archive, where.data_dir)
    with another(where):
        return restoring.restore_database(archive)


class TestTheDoctor:
    def test_files_that_are_where_they_should_be_are_well(
        self, app: Flask, town: Settings, bucket: LocalBucket
    ) -> None:
        kept(b"one")
        assert codes("files", deep=True) == []
        assert len(bucket.names()) == 1  # the probe is gone

    def test_a_bucket_that_does_not_know_us_or_is_not_there_is_told(self, town: Settings) -> None:
        for knobs, why in (
            ({"s3_secret": "guessed"}, "S3: 403 SignatureDoesNotMatch"),
            ({"s3_bucket": "nowhere"}, "S3: 404 NoSuchBucket"),
            ({"s3_endpoint": f"http://127.0.0.1:{free_port()}"}, "S3: ConnectionError"),
        ):
            with another(changed(town, **knobs)):
                (finding,) = findings("files")
                assert (finding.fault.code, finding.seen) == ("files.no_answer", {"why": why})

    def test_files_that_nobody_can_reach_or_that_wait_to_be_moved_are_told(
        self, settings: Settings, town: Settings
    ) -> None:
        kept(b"one")
        assert codes_with(settings, "files", deep=True) == ["files.no_bucket"]
        assert codes_with(town, "files", uploads="database") == ["files.elsewhere"]

    def test_files_that_are_lost_or_changed_are_counted_where_each_is_read(
        self, town: Settings, bucket: LocalBucket
    ) -> None:
        keys = [key_of(kept(data)) for data in (b"one", b"two", b"six")]
        bucket.write(keys[0], b"2ne")
        (bucket.directory / keys[1]).unlink()
        assert codes("files") == []
        (finding,) = findings("files", deep=True)
        assert (finding.fault.code, finding.seen) == ("files.broken", {"count": 2})


class TestTheBackup:
    def test_it_is_whole_without_the_bucket(
        self, town: Settings, bucket: LocalBucket, elsewhere: Settings, tmp_path: Path
    ) -> None:
        """A rehearsal on another machine touches no bucket: there the files are in the database."""
        one = kept(b"one")
        archive = back_up(tmp_path / "backups")
        shutil.rmtree(bucket.directory)
        assert restored(archive, elsewhere) == []
        with another(elsewhere):
            assert (read(one), get(Blob, one).place) == (b"one", Place.DATABASE)
            assert codes("files", deep=True) == []

    def test_it_fills_the_new_bucket_of_another_machine(
        self, town: Settings, elsewhere: Settings, s3_process: LocalStore, tmp_path: Path
    ) -> None:
        ids = [kept(b"one"), kept(b"two")]
        archive = back_up(tmp_path / "backups")
        new = s3_process.bucket()
        there = new.settings(elsewhere)
        assert restored(archive, there) == []
        with another(there):
            assert [read(each) for each in ids] == [b"one", b"two"]
            assert {get(Blob, each).key for each in ids} == set(new.names())
            assert codes("files", deep=True) == []

    def test_what_did_not_change_is_fetched_once(
        self, town: Settings, bucket: LocalBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = key_of(kept(b"one"))
        first = back_up(tmp_path / "backups")
        (bucket.directory / one).unlink()  # so it can't be fetched again
        two = key_of(kept(b"two"))
        monkeypatch.setattr(backing_up, "name_of", lambda moment: "hiroba-20991231T000000Z")
        second = back_up(tmp_path / "backups")
        assert second.manifest()["missing"] == []
        assert (second.place / "files" / one).samefile(first.place / "files" / one)
        assert (second.place / "files" / two).read_bytes() == b"two"
        second.see_that_it_is_whole()

    def test_what_is_lost_is_named_and_the_rest_is_copied(
        self, town: Settings, bucket: LocalBucket, elsewhere: Settings, tmp_path: Path
    ) -> None:
        one, two = kept(b"one"), kept(b"two")
        (bucket.directory / key_of(one)).unlink()
        archive = back_up(tmp_path / "backups")
        assert archive.manifest()["missing"] == [key_of(one)]
        assert restored(archive, elsewhere) == []
        with another(elsewhere):
            assert read(two) == b"two"
            assert codes("files", deep=True) == ["files.no_bucket"]

    def test_without_an_answer_of_the_bucket_there_is_none(self, town: Settings, tmp_path: Path) -> None:
        kept(b"one")
        away = changed(town, s3_endpoint=f"http://127.0.0.1:{free_port()}")
        with another(away), pytest.raises(NoBackup, match="S3: ConnectionError"):
            back_up(tmp_path / "backups")
        assert list((tmp_path / "backups").iterdir()) == []

    def test_what_was_let_go_of_since_is_in_neither(
        self, town: Settings, bucket: LocalBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = kept(b"one")

        def meanwhile(kit: Kit, filed: list[Filed], before: Archive | None) -> list[str]:
            with transaction():
                drop([one])
            keeping.drain()
            return copied(kit, filed, before)

        copied = copying_files.copy_files
        monkeypatch.setattr(copying_files, "copy_files", meanwhile)
        archive = back_up(tmp_path / "backups")
        files = [path for path in archive.manifest()["files"] if path.startswith("files/")]
        assert (files, archive.manifest()["missing"], bucket.names()) == ([], [], [])
