"""The database refuses to change what is written, whoever asks."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.chain.dating import anchor_days
from marketplace.journal.checking import check_here
from marketplace.journal.guarding import NEVER
from marketplace.journal.models import Entry
from marketplace.journal.sealing import seal
from marketplace.journal.writing import note
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, is_sqlite, transaction
from tests import given

SEALED = (
    "INSERT INTO journal (at, subject, event, by, why, details, seq, prev, hash) SELECT at, subject, event, by, why"
)
AGAIN = (
    "REPLACE INTO journal (id, at, subject, event, by, why, details) SELECT id, at, subject, event, by, 'x', details"
)


def three_rows() -> None:
    """Two sealed ones of a day whose head is written down, and one that waits for its seal."""
    with transaction():
        note("order:ORD-TEST", "look", by="staff:ACC-TEST", why="何を見たか", page=1)
        note("order:ORD-TEST", "look", by="staff:ACC-TEST", page=2)
    with pretending(given.in_days(1)):
        anchor_days()
    with transaction():
        note("order:ORD-TEST", "look", by="staff:ACC-TEST", page=3)


REFUSED = [
    "UPDATE journal SET subject = 'x' WHERE seq = 1",
    "UPDATE journal SET event = 'x' WHERE seq = 1",
    "UPDATE journal SET why = 'x' WHERE seq = 1",
    "UPDATE journal SET prev = hash WHERE seq = 1",
    "UPDATE journal SET hash = prev WHERE seq = 1",
    "UPDATE journal SET from_state = 'x' WHERE seq = 1",
    "UPDATE journal SET seq = 9 WHERE seq = 1",
    "UPDATE journal SET seq = NULL, hash = NULL WHERE seq = 1",
    "UPDATE journal SET details = '{\"page\": 9}' WHERE seq = 1",
    "UPDATE journal SET why = 'x' WHERE seq IS NULL",
    "UPDATE journal SET details = '{\"page\": 9}' WHERE seq IS NULL",
    "DELETE FROM journal WHERE seq = 2",
    "DELETE FROM journal WHERE seq IS NULL",
    SEALED + ", details, 3, hash, hash FROM journal WHERE seq = 2",
    "UPDATE journal_head SET seq = 1",
    "UPDATE journal_head SET hash = prev FROM journal WHERE journal.seq = 2",
    "DELETE FROM journal_head",
    "UPDATE journal_days SET hash = 'x'",
    "DELETE FROM journal_days",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_what_is_written_is_never_changed_nor_deleted_nor_put_in_sealed(app: Flask, statement: str) -> None:
    three_rows()
    with pytest.raises(IntegrityError, match=NEVER), transaction() as session:
        session.execute(sa.text(statement))
    assert (check_here(), db.session.scalar(sa.select(sa.func.count()).select_from(Entry))) == (None, 3)


@pytest.mark.parametrize("row", ["seq = 1", "seq IS NULL"])
def test_a_row_is_not_replaced_by_another_of_its_number(app: Flask, row: str) -> None:
    if not is_sqlite():
        pytest.skip("REPLACE is SQLite's alone")
    three_rows()
    with pytest.raises(IntegrityError, match=NEVER), transaction() as session:
        session.execute(sa.text(f"{AGAIN} FROM journal WHERE {row}"))


@pytest.mark.parametrize("table", ["journal", "journal_head", "journal_days"])
def test_no_table_of_the_journal_is_emptied(app: Flask, table: str) -> None:
    if is_sqlite():
        pytest.skip("TRUNCATE is PostgreSQL's alone")
    three_rows()
    with pytest.raises(IntegrityError, match=NEVER), transaction() as session:
        session.execute(sa.text(f"TRUNCATE {table}"))


def test_what_waits_for_its_seal_gets_it(app: Flask) -> None:
    three_rows()
    assert (seal(), check_here()) == (1, None)
