"""The database refuses to change what is in the book, whoever asks."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.fund.guarding import NEVER
from marketplace.fund.models import Account, Posting
from marketplace.fund.posting import post
from marketplace.fund.statements import balanced, balances
from marketplace.kit.clock import now
from marketplace.kit.db import db, is_sqlite, transaction

LINES = [(Account.STRIPE, 1_000), (Account.COLLECTED, -1_000)]


def a_posting() -> None:
    assert post("txn_1", "charge", LINES, at=now(), subject="order:ORD-TEST")


def refuse(statement: str) -> None:
    with pytest.raises(IntegrityError, match=NEVER), transaction() as session:
        session.execute(sa.text(statement))
    assert (balanced(), balances() | {"stripe": 1_000, "collected": -1_000} == balances()) == (True, True)
    assert db.session.scalars(sa.select(Posting.subject)).all() == ["order:ORD-TEST"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET subject = 'order:ORD-OTHER'",
        "UPDATE postings SET month = '2026-10', fiscal_year = 2025",
        "UPDATE posting_lines SET yen = yen * 2",
        "UPDATE posting_lines SET account = 'fund' WHERE n = 2",
        "DELETE FROM posting_lines",
        "DELETE FROM postings",
    ],
)
def test_what_is_booked_is_never_changed_nor_deleted(app: Flask, statement: str) -> None:
    a_posting()
    refuse(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "REPLACE INTO postings (id, key, kind, at, month, fiscal_year, subject, memo)"
        " SELECT id, key, kind, at, month, fiscal_year, 'x', memo FROM postings",
        "REPLACE INTO posting_lines (posting_id, n, account, yen) SELECT posting_id, n, account, 9 FROM posting_lines",
        "REPLACE INTO posting_lines (id, posting_id, n, account, yen) SELECT id, posting_id, 3, account, 9"
        " FROM posting_lines",
    ],
)
def test_no_row_is_replaced_by_another_of_its_place(app: Flask, statement: str) -> None:
    if not is_sqlite():
        pytest.skip("REPLACE is SQLite's alone")
    a_posting()
    refuse(statement)


@pytest.mark.parametrize("table", ["postings", "posting_lines"])
def test_the_book_is_not_emptied(app: Flask, table: str) -> None:
    if is_sqlite():
        pytest.skip("TRUNCATE is PostgreSQL's alone")
    a_posting()
    refuse(f"TRUNCATE {table} CASCADE")


def test_what_is_booked_twice_is_once_as_before(app: Flask) -> None:
    a_posting()
    assert not post("txn_1", "charge", LINES, at=now())
