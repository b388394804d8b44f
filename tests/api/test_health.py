"""Alive, ready, and in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain.models import Cursor
from marketplace.kit.clock import now
from marketplace.kit.db import transaction
from marketplace.outbox.models import Message
from marketplace.settings import Settings
from tests import given
from tests.chainlogs import Chain, deploy
from tests.resale.stage import held_token


def ready(client: FlaskClient) -> tuple[int, Any]:
    answer = client.get("/readyz")
    body: Any = answer.json
    return answer.status_code, body["missing"]


def figures(client: FlaskClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, _, value in (line.partition(" ") for line in lines if line[0] != "#")}


def test_a_process_that_answers_is_alive(client: FlaskClient) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")


def test_a_database_at_the_present_schema_is_ready(client: FlaskClient) -> None:
    assert ready(client) == (200, None)


@pytest.mark.parametrize("change", ["UPDATE alembic_version SET version_num = 'older'", "DROP TABLE alembic_version"])
def test_a_database_at_another_schema_is_not(client: FlaskClient, change: str) -> None:
    with transaction() as session:
        session.execute(sa.text(change))
    assert ready(client) == (503, "the database is not at the present schema: run `python -m marketplace migrate`")


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
        return settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/nowhere/town.db"})

    def test_it_is_alive_and_not_ready(self, app: Flask, client: FlaskClient) -> None:
        assert (client.get("/healthz").status_code, ready(client)) == (200, (503, "the database does not answer"))


def test_the_figures_count_each_state(client: FlaskClient) -> None:
    deploy()
    listing_id = given.a_listing()
    for serial in (1, 2, 3):
        held_token(Chain(), given.an_account(), listing_id, serial)
    at = now()
    with transaction() as session:
        session.add(Cursor(chain_id=706_123, block=7, head=9))
        session.execute(sa.delete(Message))
        for key, error, parked, done in (
            ("a", None, None, None),
            ("b", "late", None, None),
            ("c", "dead", at, None),
            ("d", None, None, at),
        ):
            moments = {"said_at": at, "due_at": at.replace(year=at.year + 1), "parked_at": parked, "done_at": done}
            session.add(Message(topic="t", handler="h", key=key, body={}, attempts=0, error=error, **moments))
    found = figures(client)
    wanted = {
        'hiroba_tokens{state="held"}': 3,
        'hiroba_tokens{state="issuing"}': 0,
        'hiroba_orders{state="paid"}': 0,
        'hiroba_outbox{state="open"}': 2,
        'hiroba_outbox{state="late"}': 1,
        'hiroba_outbox{state="parked"}': 1,
        "hiroba_chain_lag_blocks": 2,
        "hiroba_chain_head_block": 9,
        'hiroba_chain_calls{state="waiting"}': 4,
        'hiroba_chain_calls{state="parked"}': 0,
    }
    assert {name: found[name] for name in wanted} == wanted


def test_the_figures_are_in_prometheus_form(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    lines = answer.text.splitlines()
    kinds = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    named = {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")}
    assert (answer.content_type, set(kinds)) == ("text/plain; version=0.0.4; charset=utf-8", named)
