"""Alive, and ready for visitors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import transaction
from marketplace.settings import Settings


def ready(client: FlaskClient) -> tuple[int, Any]:
    answer = client.get("/readyz")
    body: Any = answer.json
    return answer.status_code, body["missing"]


def test_a_process_that_answers_is_alive(client: FlaskClient) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")


def test_a_database_at_the_present_schema_is_ready(client: FlaskClient) -> None:
    assert ready(client) == (200, None)


@pytest.mark.parametrize("change", ["DELETE FROM alembic_version", "DROP TABLE alembic_version"])
def test_a_database_at_another_schema_is_not(client: FlaskClient, change: str) -> None:
    with transaction() as session:
        session.execute(sa.text(change))
    assert ready(client) == (503, "the database is not at the present schema: run `python -m marketplace migrate`")


def test_a_database_of_a_newer_program_is_not_either_and_no_migration_is_advised(client: FlaskClient) -> None:
    with transaction() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'newer'"))
    assert ready(client) == (503, "the database is at the schema of a newer program than this one")


@pytest.mark.parametrize(
    ("word", "found"), [("unfinished", (503, "the demo town is being built")), ("open", (200, None))]
)
class TestADemoTown:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"demo": True})

    def test_it_is_ready_when_its_story_has_been_lived_through(
        self, client: FlaskClient, settings: Settings, word: str, found: tuple[int, str | None]
    ) -> None:
        (settings.data_dir / "hiroba.town").write_text(f"{word}\n")
        assert ready(client) == found


class TestWithoutADatabase:
    @pytest.fixture
    def settings(self, settings: Settings, tmp_path: Path) -> Settings:
        return settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/town/town.db"})

    def test_it_is_alive_and_not_ready_and_makes_none_by_looking(
        self, app: Flask, client: FlaskClient, tmp_path: Path
    ) -> None:
        (tmp_path / "town").mkdir()
        missing = "the database is not at the present schema: run `python -m marketplace migrate`"
        assert (client.get("/healthz").status_code, ready(client)) == (200, (503, missing))
        assert list((tmp_path / "town").iterdir()) == []


class TestADatabaseThatDoesNotAnswer:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"database_url": "postgresql+psycopg://nobody@127.0.0.1:9/town"})

    def test_it_is_alive_and_not_ready(self, app: Flask, client: FlaskClient) -> None:
        assert (client.get("/healthz").status_code, ready(client)) == (200, (503, "the database does not answer"))
