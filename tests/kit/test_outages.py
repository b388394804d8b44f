"""A turn that failed is told whole; that the database cannot answer now, in a line a minute."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from marketplace.kit import outages
from marketplace.kit.outages import turn_failed, waiting

log = logging.getLogger("a worker")


@pytest.fixture(autouse=True)
def _nothing_was_said() -> Iterator[None]:
    outages._said.clear()
    yield
    outages._said.clear()


def turn(url: str, statement: str = "SELECT 1") -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
    except Exception:
        turn_failed(log, "clock")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:////nowhere/town.db", "unable to open database file"),
        ("postgresql+psycopg://hiroba@127.0.0.1:1/hiroba", "connection failed: connection to server at"),
    ],
)
def test_of_a_database_that_cannot_answer_one_line_is_written_in_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, url: str, why: str
) -> None:
    for _ in range(3):
        turn(url)
    monkeypatch.setattr(outages, "AGAIN_S", 0.0)
    turn(url)
    assert [
        (each.exc_info, each.message.startswith(f"clock waits for the database: {why}")) for each in caplog.records
    ] == [(None, True)] * 2
    assert {"\n" in each.message for each in caplog.records} == {False}


def test_what_is_a_mistake_is_told_each_time_with_its_way(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    for _ in range(2):
        turn(f"sqlite:///{tmp_path}/town.db", "SELECT * FROM nothing")
    assert [(each.message, each.exc_info is not None) for each in caplog.records] == [("clock", True)] * 2


def test_who_is_waited_for_is_named_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    for why in ("the chain", "the chain", "IPFS"):
        waiting(log, why)
    assert [each.message for each in caplog.records] == ["the chain", "IPFS"]
