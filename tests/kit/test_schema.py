"""The schema: what the migrations' texts say is what Alembic makes of them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

from marketplace.foundation import lay, within
from marketplace.kit import schema
from marketplace.kit.db import db
from tests.conftest import PLAIN
from tests.databases import Databases


def test_the_revision_of_this_program_is_the_head_that_alembic_finds_and_the_one_of_a_new_database(app: Flask) -> None:
    theirs = ScriptDirectory(str(schema.MIGRATIONS))
    assert schema.head() == theirs.get_current_head()
    assert all(schema.knows(each.revision) for each in theirs.walk_revisions())
    assert not schema.knows("0123456789ab")
    assert schema.is_present()


def test_of_several_migrations_the_head_is_the_one_that_no_other_builds_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "versions").mkdir()
    for revision, before in (("b2", '"a1"'), ("a1", "None"), ("c3", '"b2"')):
        text = f'"""words"""\n\nimport nothing_of_this_name\n\nrevision = "{revision}"\ndown_revision = {before}\n'
        (tmp_path / "versions" / f"{revision}_words.py").write_text(text)
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path)
    schema._revisions.cache_clear()
    try:
        assert schema.head.__wrapped__() == "c3"
        assert [schema.knows(each) for each in ("a1", "b2", "c3", "d4")] == [True, True, True, False]
    finally:
        schema._revisions.cache_clear()


def test_who_is_started_before_the_tables_waits_for_them(
    databases: Databases, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with databases.empty() as url:
        house = lay(PLAIN.model_copy(update={"database_url": url, "data_dir": tmp_path}))
        found: list[bool] = []

        def start() -> None:
            with within(house):
                found.append(schema.wait_until_present(threading.Event()))

        worker = threading.Thread(target=start)
        worker.start()
        worker.join(timeout=1.5)
        assert worker.is_alive()
        with within(house):
            schema.upgrade()
        worker.join(timeout=30)
    assert found == [True]
    assert [each.message.partition(":")[0] for each in caplog.records if each.name == schema.__name__] == [
        "waits for the town's tables"
    ]


def test_who_waits_for_tables_goes_when_told_and_makes_no_file(databases: Databases, tmp_path: Path) -> None:
    told = threading.Event()
    told.set()
    with databases.empty() as url, within(lay(PLAIN.model_copy(update={"database_url": url, "data_dir": tmp_path}))):
        assert not schema.wait_until_present(told)
        file = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
        assert file is None or not Path(file).exists()


@pytest.mark.parametrize(("revision", "usable"), [("0123456789ab", True), (None, False)], ids=["later", "none"])
def test_tables_of_a_later_program_are_worked_with(app: Flask, revision: str | None, usable: bool) -> None:
    """While a new version is put in, the old one goes on with what has been added."""
    with db.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        if revision:
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    assert schema._is_usable() is usable
