from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.kit.clock import now
from marketplace.kit.db import db, see_one_moment, transaction
from tests.databases import chosen

on_postgresql = pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: on SQLite a reader holds up nobody")


def is_open() -> bool:
    """Whether the server has a transaction open for this session."""
    connection: Any = db.session.connection().connection.dbapi_connection
    return bool(connection.info.transaction_status.name == "INTRANS")


def accounts() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Account)) or 0


@on_postgresql
def test_who_reads_opens_no_transaction_and_who_writes_does(app: Flask) -> None:
    assert (accounts(), is_open()) == (0, False)
    with transaction() as session:
        assert is_open()
        session.add(Account(email="a@example.jp", created_at=now()))
    assert (is_open(), accounts()) == (False, 1)


@on_postgresql
def test_one_moment_is_a_transaction_until_it_is_left_and_the_next_reader_has_none(app: Flask) -> None:
    see_one_moment()
    assert (accounts(), is_open()) == (0, True)
    db.session.rollback()
    assert (accounts(), is_open()) == (0, False)


@pytest.mark.parametrize("inside", [True, False])
def test_rows_are_read_in_portions_inside_a_transaction_and_outside(app: Flask, inside: bool) -> None:
    with transaction() as session:
        session.add_all([Account(email=f"{n}@example.jp", created_at=now()) for n in range(5)])
    portions = sa.select(Account.id).order_by(Account.id).execution_options(yield_per=2)
    if inside:
        with transaction() as session:
            assert list(session.scalars(portions)) == [1, 2, 3, 4, 5]
    else:
        assert list(db.session.scalars(portions)) == [1, 2, 3, 4, 5]
    db.session.rollback()
    assert accounts() == 5
    if chosen() == "postgresql":
        assert not is_open()
