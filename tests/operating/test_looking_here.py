"""What the doctor finds on this machine: settings, database, disk, clock, keys, backups."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain import keystore
from marketplace.chain.models import Lane, LaneState
from marketplace.journal.writing import note
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, is_sqlite, transaction
from marketplace.operating.archive import newest
from marketplace.operating.backing_up import back_up
from marketplace.operating.looking_here import differing, room
from marketplace.operating.retaining import thin_out
from marketplace.settings import Settings
from tests.databases import chosen
from tests.operating.looked import codes, codes_with, findings, round_of

PUBLIC: dict[str, Any] = {
    "base_url": "https://kenri.example.jp",
    "secret_key": "7hQ2mX9vLr4KdW8sNc3TzB6pYf1GjE5u",
    "staff_passkeys": "required",
    "operator_mail": "operator@example.jp",
    "trusted_proxies": 1,
}


@pytest.mark.parametrize(
    ("knobs", "wanted"),
    [
        ({}, []),
        ({"staff_passkeys": "optional"}, ["settings.passkeys"]),
        ({"operator_mail": ""}, ["settings.operator"]),
        ({"trusted_proxies": 0}, ["settings.proxies"]),
        ({"rehearsal_mail": "operator@example.jp"}, ["settings.rehearsal"]),
        ({"base_url": "http://127.0.0.1:8000", "secret_key": "", "staff_passkeys": "optional"}, []),
    ],
    ids=lambda value: ",".join(value) or "-",
)
def test_the_settings_of_a_site_in_public(
    app: Flask, settings: Settings, knobs: dict[str, Any], wanted: list[str]
) -> None:
    assert codes_with(settings, "settings", **{**PUBLIC, **knobs}) == wanted


def test_a_house_that_is_closed_for_work_is_told_until_it_is_opened(app: Flask, settings: Settings) -> None:
    marker = settings.data_dir / "maintenance"
    marker.touch()
    (finding,) = findings("settings")
    assert (finding.fault.code, str(marker) in finding.remedy) == ("settings.closed", True)
    marker.unlink()
    assert codes("settings") == []


class TestTheDatabase:
    def test_as_the_town_keeps_it_is_well(self, app: Flask) -> None:
        if is_sqlite():
            os.chmod(str(db.engine.url.database), 0o600)
            assert codes("database", deep=True) == []
        else:  # the tests' own server keeps nothing, and is told so
            assert codes("database", deep=True) == ["database.forgetful"] * 3

    @pytest.mark.skipif(chosen() != "sqlite", reason="SQLite: a server looks after its own files")
    def test_that_others_may_read_is_told(self, app: Flask) -> None:
        file = Path(str(db.engine.url.database))
        file.chmod(0o644)
        file.parent.chmod(0o700)
        assert codes("database") == []
        file.parent.chmod(0o755)
        (finding,) = findings("database")
        assert (finding.fault.code, finding.seen["mode"]) == ("database.open_to_others", "644")

    def test_at_another_schema_is_told(self, app: Flask) -> None:
        with transaction() as session:
            session.execute(sa.text("DELETE FROM alembic_version"))
        assert "database.schema" in codes("database")

    def test_at_that_of_a_newer_program_is_told_and_the_rest_is_left(self, app: Flask) -> None:
        with transaction() as session:
            session.execute(sa.text("UPDATE alembic_version SET version_num = 'newer'"))
        assert codes("database") == ["database.newer"]
        assert "worker" not in round_of()

    def test_that_is_not_there_is_told(self, app: Flask, settings: Settings, tmp_path: Path) -> None:
        nowhere = f"sqlite:///{tmp_path}/nowhere/town.db"
        assert codes_with(settings, "database", database_url=nowhere) == ["database.no_answer"]

    def test_that_can_be_read_and_not_written_is_told(self, app: Flask) -> None:
        if is_sqlite():  # a process that hangs in the middle of writing
            with closing(sqlite3.connect(str(db.engine.url.database))) as hung:
                hung.execute("BEGIN IMMEDIATE")
                (finding,) = [each for each in findings("database") if each.fault.name == "no_writing"]
            assert finding.seen == {"why": "database is locked"}
        else:  # as a standby is
            name = str(db.engine.url.database)
            with db.engine.connect() as connection:
                connection.execute(sa.text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
                connection.commit()
            db.engine.dispose()
            assert "database.no_writing" in codes("database")
            with db.engine.connect() as connection:
                connection.execute(sa.text("SET default_transaction_read_only = off"))
                connection.execute(sa.text(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))
                connection.commit()

    @pytest.mark.skipif(chosen() != "sqlite", reason="SQLite: a server looks after its own files")
    def test_that_was_damaged_is_told(self, app: Flask) -> None:
        with transaction() as session:
            session.execute(sa.text("PRAGMA writable_schema = ON"))
            session.execute(sa.text("DELETE FROM sqlite_schema WHERE name = 'ix_outbox_open'"))
        db.session.remove()
        db.engine.dispose()
        assert "database.damaged" in codes("database", deep=True)


@pytest.mark.parametrize(
    ("free", "total", "wanted"),
    [
        (50 * 1024**3, 100 * 1024**3, []),
        (1 * 1024**3, 100 * 1024**3, ["disk.low"]),
        (30 * 1024**3, 1000 * 1024**3, ["disk.low"]),
        (200 * 1024**2, 100 * 1024**3, ["disk.full"]),
        (0, 0, ["disk.full"]),
    ],
)
def test_room_on_the_disk(free: int, total: int, wanted: list[str]) -> None:
    assert [finding.fault.code for finding in room("/data", free, total)] == wanted


class TestTheClock:
    def test_that_runs_is_well(self, app: Flask) -> None:
        with transaction():
            note("house:1", "check")
        assert [finding for finding in findings("clock") if finding.fault.name == "went_back"] == []

    def test_that_was_set_back_is_told(self, app: Flask) -> None:
        with pretending(now() + timedelta(hours=2)), transaction():
            note("house:1", "check")
        (finding,) = findings("clock")
        assert (finding.fault.code, 7100 < int(finding.seen["seconds"]) <= 7200) == ("clock.went_back", True)

    def test_that_others_see_otherwise_is_told(self, app: Flask) -> None:
        moments = [now().timestamp() + seconds for seconds in (0, 4, -60, 60)]
        assert [len(list(differing(moment, "Stripe"))) for moment in moments] == [0, 0, 1, 1]


class TestKeys:
    @pytest.fixture
    def key(self, app: Flask, settings: Settings) -> Path:
        """The town's key, and its lane."""
        file = settings.data_dir / "keys" / "town.json"
        signer = keystore.opened(file, settings.key_password.get_secret_value(), keystore.QUICK)
        row = {"chain_id": settings.chain_id, "role": "town", "signer": signer.address, "next_nonce": 0}
        with transaction() as session:
            session.add(Lane(**row))
        return file

    def test_that_are_ours_and_closed_are_well(self, key: Path) -> None:
        assert codes("keys", deep=True) == []

    def test_that_others_may_read_are_told(self, key: Path) -> None:
        key.chmod(0o640)
        (key.parents[1] / "hiroba.env").write_text("")
        (key.parents[1] / "hiroba.env").chmod(0o604)
        assert [finding.seen["mode"] for finding in findings("keys")] == ["604", "640"]

    def test_that_are_gone_are_told(self, key: Path) -> None:
        key.unlink()
        assert codes("keys") == ["keys.missing"]

    def test_that_are_others_are_told(self, key: Path) -> None:
        kept = json.loads(key.read_text())
        key.write_text(json.dumps({**kept, "address": "11" * 20}))
        (finding,) = findings("keys")
        assert (finding.fault.code, finding.seen["address"]) == ("keys.other", "0x" + "11" * 20)

    def test_that_are_being_replaced_are_told_until_that_is_finished(self, key: Path, settings: Settings) -> None:
        for state in (LaneState.ANNOUNCED, LaneState.LEAVING):
            row = {"chain_id": settings.chain_id, "role": "issuer", "signer": f"0x{state}", "next_nonce": 0}
            with transaction() as session:
                session.add(Lane(**row, state=state))
            assert codes("keys") == ["keys.changing"]
            with transaction() as session:
                session.execute(sa.update(Lane).where(Lane.role == "issuer").values(state=LaneState.RETIRED))
            assert codes("keys") == []

    def test_that_the_service_is_told_to_sign_with_another_one_is_told(self, key: Path, settings: Settings) -> None:
        elsewhere = "http://127.0.0.1:1"
        other = codes_with(settings, "keys", signer_url=elsewhere, signer_addresses="town=0x" + "11" * 20)
        assert other == ["keys.other", "keys.no_signer"]

    def test_that_the_password_does_not_open_are_told_by_a_deep_look(self, key: Path, settings: Settings) -> None:
        assert codes_with(settings, "keys", key_password="another") == []
        assert codes_with(settings, "keys", deep=True, key_password="another") == ["keys.locked"]

    def test_that_lie_open_on_a_public_chain_are_told(self, key: Path, settings: Settings) -> None:
        assert codes_with(settings, "keys", chain_id=137, chain_confirmations=1, key_password="") == ["keys.weak"]


class TestBackups:
    def test_none_matters_only_where_people_come(self, app: Flask, settings: Settings) -> None:
        assert codes("backups") == []
        assert codes_with(settings, "backups", **PUBLIC) == ["backups.none"]

    @pytest.mark.parametrize(
        ("hours", "wanted"),
        [(1, []), (29, []), (31, ["backups.old"]), (77, ["backups.old"]), (79, ["backups.very_old"])],
    )
    def test_its_age_counts(self, app: Flask, settings: Settings, hours: int, wanted: list[str]) -> None:
        back_up(settings.backups)
        with pretending(now() + timedelta(hours=hours)):
            assert codes("backups") == wanted

    def test_one_that_is_broken_is_named_and_hides_none_of_the_others(
        self, app: Flask, client: FlaskClient, settings: Settings
    ) -> None:
        made = back_up(settings.backups)
        broken = settings.backups / "hiroba-20260101T000000Z"
        broken.mkdir()
        (broken / "MANIFEST.json").write_text('{"version": "backup-v1", "files"')
        (finding,) = findings("backups")
        assert (finding.fault.code, finding.seen["names"]) == ("backups.damaged", broken.name)
        assert newest(settings.backups) == made
        assert client.get("/metrics").status_code == 200
        with pretending(now() + timedelta(days=1)):
            made_since = back_up(settings.backups)
            assert newest(settings.backups) == made_since
            assert thin_out(settings.backups, 1, 0, 0) == [made]
