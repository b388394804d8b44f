"""A backup put into an empty place is the same town, whatever was written while it was made."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.accounts.session import open_sign_in
from marketplace.continuity import exporting
from marketplace.continuity.verifying import verify
from marketplace.journal.checking import check_here
from marketplace.journal.models import Entry
from marketplace.journal.sealing import seal
from marketplace.journal.writing import note
from marketplace.kit.db import db, is_sqlite, transaction
from marketplace.kit.published import Malformed
from marketplace.operating import digests, restoring
from marketplace.operating.archive import MANIFEST, Archive, kept_in, newest, opened
from marketplace.operating.backing_up import NoBackup, back_up
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.continuity.lasting import a_life
from tests.databases import chosen
from tests.operating.restored import restored, tampered


def a_file_of(archive: Archive) -> str:
    return "database.sqlite.gz" if archive.has("database.sqlite.gz") else "tables/accounts.copy.gz"


def test_a_town_with_something_of_everything_is_the_same_town_elsewhere(
    app: Flask, place: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    a_life()
    before = digests.of_everything()
    db.session.rollback()
    archive = back_up(place)
    assert archive.manifest()["digests"] == before
    assert restored(archive, elsewhere) == []
    with another(elsewhere):
        assert digests.of_everything() == before
        assert check_here() is None
        db.session.rollback()
        exporting.export(tmp_path / "kit")  # whose draws, auctions, CARs and contracts a stranger recomputes
        assert verify(tmp_path / "kit", lambda path: None, None)


def test_the_restored_town_goes_on(app: Flask, place: Path, elsewhere: Settings) -> None:
    """Its journal still refuses to be changed, and no number is given out twice."""
    last = given.an_account()
    with transaction():
        note("house:1", "check")
    seal()
    assert restored(back_up(place), elsewhere) == []
    with another(elsewhere):
        assert given.an_account() > last
        seal()
        assert check_here() is None
        with pytest.raises(sa.exc.DBAPIError, match="the journal is never changed"), transaction() as session:
            session.execute(sa.text("DELETE FROM journal"))


def test_a_backup_taken_while_others_write_is_one_moment(app: Flask, place: Path, elsewhere: Settings) -> None:
    """Each writer adds an entry and moves the same counter: a copy in between shows as many entries as it counts."""
    stop, wrote = threading.Event(), threading.Event()

    def write(number: int) -> None:
        with app.app_context():
            count = 0
            while not stop.is_set():
                with transaction() as session:
                    note(f"writer:{number}", "check", n=count)
                    given_name = f"{count}"
                    session.execute(
                        sa.update(Account).where(Account.email == f"{number}@example.jp").values(name=given_name)
                    )
                count += 1
                wrote.set()
            db.session.remove()

    for number in range(2):
        given.an_account(f"{number}@example.jp")
    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert wrote.wait(timeout=60)
        archive = back_up(place)
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    assert restored(archive, elsewhere) == []
    with another(elsewhere):
        for number in range(2):
            written = sa.select(sa.func.count()).where(Entry.subject == f"writer:{number}")
            counted = db.session.scalar(sa.select(Account.name).where(Account.email == f"{number}@example.jp"))
            assert db.session.scalar(written) == (int(counted) + 1 if counted else 0)


def test_it_holds_no_secrets_unless_they_were_asked_for(app: Flask, settings: Settings, place: Path) -> None:
    (settings.data_dir / "keys").mkdir()
    (settings.data_dir / "keys" / "town.json").write_text("{}")
    (settings.data_dir / "hiroba.env").write_text("SECRET_KEY=x\n")
    without = back_up(place)
    assert [path for path in without.manifest()["files"] if path.startswith("secrets")] == []
    with_them = back_up(place / "apart", secrets=True)
    assert [path for path in with_them.manifest()["files"] if path.startswith("secrets")] == [
        "secrets/hiroba.env",
        "secrets/keys/town.json",
    ]
    assert place.stat().st_mode & 0o077 == 0
    elsewhere = settings.data_dir / "elsewhere"
    restoring.restore_files(with_them, elsewhere)
    assert (elsewhere / "keys" / "town.json").read_text() == "{}"
    assert (elsewhere / "hiroba.env").stat().st_mode & 0o077 == 0


def test_how_the_towns_own_words_are_read_is_in_it_and_not_written_over(
    app: Flask, settings: Settings, place: Path
) -> None:
    own = "月見沢町 つきみさわちょう\n"
    (settings.data_dir / "readings.txt").write_text(own, "utf-8")
    archive, elsewhere = back_up(place), settings.data_dir / "elsewhere"
    restoring.restore_files(archive, elsewhere)
    assert (elsewhere / "readings.txt").read_text("utf-8") == own
    with pytest.raises(restoring.NotEmpty, match=r"holds readings\.txt already"):
        restoring.restore_files(archive, elsewhere)


def test_a_file_that_was_changed_since_is_named_and_nothing_is_restored(
    app: Flask, place: Path, elsewhere: Settings
) -> None:
    archive = back_up(place)
    path = a_file_of(archive)
    content = gzip.compress(b"something else")
    with pytest.raises(Malformed, match=f"{path} is not what was written"):
        restored(tampered(archive, path, content), elsewhere)
    assert not elsewhere.data_dir.exists()
    (archive.place / path).unlink()
    with pytest.raises(Malformed, match=f"{path} is missing"):
        restored(archive, elsewhere)


def test_rows_that_were_changed_together_with_the_list_of_files_still_show(
    app: Flask, place: Path, elsewhere: Settings
) -> None:
    """Whoever writes the manifest anew, too, must know each table's digest."""
    archive = back_up(place)
    about: dict[str, Any] = archive.manifest()
    about["digests"]["tables"]["accounts"]["rows"] += 1
    tampered(archive, MANIFEST, json.dumps(about).encode())
    wrong = restored(archive, elsewhere)
    assert [each.split(":")[0] for each in wrong] == ["tables accounts"]


def test_nothing_is_overwritten(app: Flask, settings: Settings, place: Path) -> None:
    archive = back_up(place)
    with pytest.raises(restoring.NotEmpty):
        restoring.restore_database(archive)
    (settings.data_dir / "keys").mkdir()
    with pytest.raises(restoring.NotEmpty, match="holds keys already"):
        restoring.restore_files(archive, settings.data_dir)


def test_what_is_no_backup_is_said_to_be_none(app: Flask, place: Path, tmp_path: Path) -> None:
    archive = back_up(place)
    about = archive.manifest()
    tampered(archive, MANIFEST, json.dumps({**about, "version": "backup-v0"}).encode())
    for where in (tmp_path, archive.place, place / "hiroba-20260101T000000Z"):
        with pytest.raises(Malformed):
            opened(where)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda about: about.pop("files"), "does not say files"),
        (lambda about: about.update(files=[]), "does not say files"),
        (lambda about: about.update(digests={}), "does not say digests"),
        (lambda about: about.update(schema=None), "does not say schema"),
        (lambda about: about.update(tables=[{"table": "accounts"}]), "does not say the columns"),
        (lambda about: about["files"].update({"town/../../out": {"sha256": ""}}), "which is not in the backup"),
        (lambda about: about["files"].update({"/out": {"sha256": ""}}), "which is not in the backup"),
        (lambda about: about["files"].update({"town/x": {}}), "does not say the SHA-256 of town/x"),
    ],
)
def test_a_manifest_that_is_none_is_refused_and_no_path_in_it_leads_out(
    app: Flask, place: Path, change: Callable[[dict[str, Any]], object], why: str
) -> None:
    archive = back_up(place)
    about = archive.manifest()
    change(about)
    tampered(archive, MANIFEST, json.dumps(about).encode())
    with pytest.raises(Malformed, match=why):
        opened(archive.place)


def test_one_without_its_database_is_not_begun_with(app: Flask, place: Path, elsewhere: Settings) -> None:
    archive = back_up(place)
    about = archive.manifest()
    del about["files"][a_file_of(archive)]
    tampered(archive, MANIFEST, json.dumps(about).encode())
    with pytest.raises(Malformed, match=f"does not hold {a_file_of(archive)}"):
        restored(archive, elsewhere)
    assert not elsewhere.data_dir.exists()


def test_its_place_may_be_another_schema_of_a_database(app: Flask, place: Path, elsewhere: Settings) -> None:
    if is_sqlite():
        pytest.skip("SQLite has none")
    person = given.an_account()
    open_sign_in(person)
    archive = back_up(place)
    with another(elsewhere), transaction() as session:
        session.execute(sa.text("CREATE SCHEMA town"))
        session.execute(sa.text(f"ALTER DATABASE {db.engine.url.database} SET search_path = town"))
    assert restored(archive, elsewhere) == []
    with another(elsewhere):
        open_sign_in(person)
        assert db.session.scalars(sa.text("SELECT id FROM town.sign_ins ORDER BY id")).all() == [1, 2]


@pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: a file does not hang up")
def test_one_in_whose_middle_the_database_hangs_up_leaves_nothing_and_the_next_is_whole(
    app: Flask, place: Path
) -> None:
    mine = db.session.scalar(sa.select(sa.func.pg_backend_pid()))
    db.session.rollback()

    def hang_up(path: str) -> None:
        with sa.create_engine(db.engine.url, poolclass=sa.NullPool).connect() as another:
            another.execute(sa.select(sa.func.pg_terminate_backend(mine)))

    with pytest.raises(NoBackup, match="the database broke off"):
        back_up(place, told=hang_up)
    assert list(place.iterdir()) == []
    made = back_up(place)
    assert list(place.iterdir()) == [made.place]


def test_one_that_was_interrupted_is_not_taken_for_a_backup(app: Flask, place: Path) -> None:
    class Cut(Exception):
        pass

    def cut(path: str) -> None:
        raise Cut

    with pytest.raises(Cut):
        back_up(place, told=cut)
    assert (kept_in(place), list(place.iterdir())) == ([], [])
    archive = back_up(place)
    assert newest(place) == archive


def test_one_kind_of_database_is_not_restored_into_the_other(app: Flask, place: Path, elsewhere: Settings) -> None:
    archive = back_up(place)
    about = archive.manifest()
    other = "postgresql" if is_sqlite() else "sqlite"
    tampered(archive, MANIFEST, json.dumps({**about, "database": other}).encode())
    with another(elsewhere), pytest.raises(restoring.NoPlace):
        restoring.restore_database(archive)
