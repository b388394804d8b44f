"""A backup of another version of the program: an older one's becomes a town of this one, a newer one's is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.session import open_sign_in
from marketplace.kit.db import db
from marketplace.operating import restoring
from marketplace.operating.archive import MANIFEST
from marketplace.operating.backing_up import back_up
from marketplace.privacy import exporting as exporting_to_people
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.next_version import NextVersion
from tests.operating.restored import restored, tampered


def test_one_of_a_newer_program_is_refused_before_anything_is_written(
    app: Flask, place: Path, elsewhere: Settings
) -> None:
    archive = back_up(place)
    tampered(archive, MANIFEST, json.dumps({**archive.manifest(), "schema": "f" * 12}).encode())
    with pytest.raises(restoring.NoPlace, match="newer program"):
        restored(archive, elsewhere)
    assert not elsewhere.data_dir.exists()


def test_one_of_an_older_program_becomes_a_town_of_this_one(
    app: Flask, place: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    """It had a column more, a table by another name, none of a new column, and rows that are meant to go."""
    person = given.an_account()
    open_sign_in(person)
    exporting_to_people.ask(person)
    archive = back_up(place)
    restore = ("restore", archive.place, "--data", elsewhere.data_dir)
    found = NextVersion(tmp_path / "next").run(*restore, DATABASE_URL=elsewhere.database_url)
    brought = "no row is missing, and its tables were brought to the schema of this program"
    assert found[:2] == (0, f"restored from {archive.place.name}: {brought}\n"), found[2]
    with another(elsewhere):
        here = sa.text("SELECT village, handed_out.id, (SELECT count(*) FROM sign_ins) FROM accounts, handed_out")
        assert db.session.execute(here).all() == [("?", 1, 0)]


def test_of_one_of_an_older_program_each_row_is_counted_before_the_schema_is_changed(
    app: Flask, place: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    given.an_account()
    archive = back_up(place)
    about: dict[str, Any] = archive.manifest()
    about["digests"]["tables"]["accounts"]["rows"] = 2
    tampered(archive, MANIFEST, json.dumps(about).encode())
    restore = ("restore", archive.place, "--data", elsewhere.data_dir)
    code, _, said = NextVersion(tmp_path / "next").run(*restore, DATABASE_URL=elsewhere.database_url)
    assert (code, said.splitlines()[-2:]) == (
        2,
        ["what stands here is not what was copied:", "accounts: 1 rows, was 2"],
    )
