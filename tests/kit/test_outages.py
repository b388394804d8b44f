"""A turn that failed is told whole; that the database cannot answer now, in a line a minute."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit import outages
from marketplace.kit.db import db
from marketplace.kit.outages import turn_failed, waiting
from tests.databases import chosen

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


@pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: SQLite has one writer, who waits for nobody")
def test_two_who_wait_for_each_other_are_a_mistake_of_ours(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Of locks taken in two orders nothing would be known but that the database was waited for."""
    both_hold_one = threading.Barrier(2)

    def lock(mine: int, theirs: int) -> None:
        try:
            with engine.connect() as connection:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(mine)))
                both_hold_one.wait()
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(theirs)))
        except Exception:
            turn_failed(log, "clock")

    engine = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    other = threading.Thread(target=lock, args=(2, 1))
    other.start()
    lock(1, 2)
    other.join()
    (told,) = caplog.records
    assert (told.message, told.exc_info is not None) == ("clock", True)


def test_who_is_waited_for_is_named_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    for why in ("the chain", "the chain", "IPFS"):
        waiting(log, why)
    assert [each.message for each in caplog.records] == ["the chain", "IPFS"]
