"""The migrations build what the models say: nothing that the database is to refuse is left to the models alone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine.interfaces import ReflectedIndex

from marketplace.kit import schema
from marketplace.kit.db import db
from marketplace.settings import Settings
from tests.apps import another
from tests.crashing import PowerCut
from tests.databases import Databases

ROOT = Path(__file__).resolve().parents[1]


def options(index: ReflectedIndex) -> dict[str, str]:
    """Among them the condition of a partial index, which is text or a clause of text."""
    return {name: str(value) for name, value in index.get("dialect_options", {}).items()}


NEVER_TWICE = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%' ORDER BY name"
SQLITE_TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
TRIGGERS = "SELECT tgname, tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"


def triggers(engine: sa.Engine) -> list[tuple[str, str, str]]:
    """(name, table, definition)"""
    with engine.connect() as connection:
        found = connection.execute(sa.text(SQLITE_TRIGGERS if engine.dialect.name == "sqlite" else TRIGGERS))
        return sorted((name, table, text) for name, table, text in found)


def never_twice(engine: sa.Engine) -> list[str]:
    """Of SQLite, the tables whose ids are not given again; PostgreSQL gives none again."""
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        return list(connection.scalars(sa.text(NEVER_TWICE)))


def told_by(engine: sa.Engine) -> dict[str, Any]:
    """Every table with all that the database holds it to, as the database itself tells it."""
    seen = sa.inspect(engine)
    return {"": triggers(engine), "never twice": never_twice(engine)} | {
        table: {
            "columns": {each["name"]: (str(each["type"]), each["nullable"]) for each in seen.get_columns(table)},
            "key": seen.get_pk_constraint(table)["constrained_columns"],
            "checks": {each["name"]: each["sqltext"] for each in seen.get_check_constraints(table)},
            "unique": {each["name"]: each["column_names"] for each in seen.get_unique_constraints(table)},
            "foreign": {
                each["name"]: (each["constrained_columns"], each["referred_table"], each["referred_columns"])
                for each in seen.get_foreign_keys(table)
            },
            "indexes": {
                each["name"]: (each["column_names"], bool(each["unique"]), options(each))
                for each in seen.get_indexes(table)
            },
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def test_migrations_build_what_the_models_say(app: Flask, databases: Databases, tmp_path: Path) -> None:
    migrated = told_by(db.engine)
    with databases.empty() as url, another(Settings(database_url=url, data_dir=tmp_path)):
        db.create_all()
        modelled = told_by(db.engine)
    assert migrated == modelled


def test_the_last_migration_is_undone_and_done_again(app: Flask) -> None:
    before = told_by(db.engine)
    db.session.remove()
    schema.downgrade()
    undone = told_by(db.engine)
    schema.upgrade()
    assert (undone != before, told_by(db.engine)) == (True, before)


def test_a_migration_that_dies_half_way_leaves_nothing(databases: Databases, tmp_path: Path) -> None:
    with databases.empty() as url, another(Settings(database_url=url, data_dir=tmp_path)):

        @sa.event.listens_for(db.engine, "before_cursor_execute")
        def die(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            if "CREATE TABLE orders" in statement:
                raise PowerCut

        with pytest.raises(PowerCut):
            schema.upgrade()
        assert set(sa.inspect(db.engine).get_table_names()) <= {"alembic_version"}


def test_who_migrate_at_once_take_turns(databases: Databases, tmp_path: Path) -> None:
    """As several hosts do that are started together."""
    command = [sys.executable, "-m", "marketplace", "migrate"]
    with databases.empty() as url:
        here = {**os.environ, "DATABASE_URL": url, "DATA_DIR": str(tmp_path), "SECRET_KEY": "a test's secret"}
        hosts = [subprocess.Popen(command, env=here, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        said = [host.communicate()[1] for host in hosts]
    assert [host.returncode for host in hosts] == [0, 0, 0], said
    assert sum(line.count("Running upgrade  ->") for line in said) == 1
