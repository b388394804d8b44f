"""The schema: what the migrations' texts say is what Alembic makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from flask import Flask

from marketplace.kit import schema


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
