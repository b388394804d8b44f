from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.kit.clock import now
from marketplace.kit.db import db, in_portions, see_one_moment, transaction
from marketplace.kit.engines import begun
from tests.crashing import PowerCut
from tests.databases import chosen

on_sqlite = pytest.mark.skipif(chosen() != "sqlite", reason="SQLite: on PostgreSQL each statement sees its own moment")
on_postgresql = pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: on SQLite a reader holds up nobody")


def is_open() -> bool:
    """Whether the server has a transaction open for this session."""
    connection: Any = db.session.connection().connection.dbapi_connection
    return bool(connection.info.transaction_status.name == "INTRANS")


def accounts() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Account)) or 0


def write_one(connection: sa.Connection) -> None:
    connection.execute(sa.insert(Account).values(email="a@example.jp", code="ACC-2345678", created_at=now()))


@on_sqlite
def test_who_reads_sees_one_moment_until_it_is_left(app: Flask) -> None:
    assert accounts() == 0
    with begun(db.engine, writing=True) as another:
        write_one(another)
    assert accounts() == 0
    db.session.rollback()
    assert accounts() == 1


@on_sqlite
def test_who_reads_past_the_session_sees_one_moment_too(app: Flask) -> None:
    with begun(db.engine) as connection:
        seen = [connection.scalar(sa.select(sa.func.count()).select_from(Account))]
        with transaction() as session:
            session.add(Account(email="a@example.jp", created_at=now()))
        seen.append(connection.scalar(sa.select(sa.func.count()).select_from(Account)))
    assert (seen, accounts()) == ([0, 0], 1)


def test_a_block_past_the_session_that_fails_has_written_nothing(app: Flask) -> None:
    with suppress(PowerCut), begun(db.engine, writing=True) as connection:
        write_one(connection)
        raise PowerCut
    assert accounts() == 0


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
    by_id = sa.select(Account.id).order_by(Account.id)
    if inside:
        with transaction() as session:
            assert list(session.scalars(in_portions(by_id, 2))) == [1, 2, 3, 4, 5]
    else:
        assert list(db.session.scalars(in_portions(by_id, 2))) == [1, 2, 3, 4, 5]
    db.session.rollback()
    assert accounts() == 5
    if chosen() == "postgresql":
        assert not is_open()
