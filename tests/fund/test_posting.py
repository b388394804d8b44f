"""Writing into the book: once for each key, all lines or none."""

import secrets

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.fund.posting import post, step
from marketplace.fund.rules import Lines, NotEnough
from marketplace.fund.statements import balanced, balances
from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from tests.crashing import rolled_back
from tests.journal.forging import unguarded
from tests.racing import at_once

CHARGE: Lines = [(Account.STRIPE, 1000), (Account.COLLECTED, -1000)]


def charge(key: str = "txn_1", lines: Lines = CHARGE) -> bool:
    return post(key, "charge", lines, at=now())


def test_a_posting_is_there_with_its_lines(app: Flask) -> None:
    assert charge()
    (posting,) = db.session.scalars(sa.select(Posting))
    assert [(line.account, line.yen) for line in posting.lines] == CHARGE
    assert balances() == {**dict.fromkeys(map(str, Account), 0), "stripe": 1000, "collected": -1000}


def test_one_key_is_posted_once(app: Flask) -> None:
    assert sorted(at_once(app, 6, lambda _: charge())) == [False] * 5 + [True]
    assert balances()["stripe"] == 1000


def test_half_a_posting_is_none(app: Flask) -> None:
    with rolled_back():
        charge()
    assert (balances()["stripe"], list(db.session.scalars(sa.select(Posting.id)))) == (0, [])


def test_crooked_lines_are_a_fault_of_the_program(app: Flask) -> None:
    with pytest.raises(AssertionError):
        charge(lines=[(Account.STRIPE, 1000), (Account.COLLECTED, -999)])


def test_the_database_takes_no_empty_line(app: Flask) -> None:
    charge()
    empty = {"posting_id": 1, "n": 9, "account": Account.OTHER, "yen": 0}
    with transaction() as session, pytest.raises(IntegrityError, match="yen_not_zero"):
        session.execute(sa.insert(PostingLine).values(empty))


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_posted_the_book_sums_to_zero(app: Flask, data: st.DataObject) -> None:
    amounts = data.draw(st.lists(st.integers(-(10**9), 10**9).filter(bool), min_size=1, max_size=5))
    rest = -sum(amounts)
    accounts = data.draw(st.lists(st.sampled_from(Account), min_size=len(amounts) + 1, max_size=len(amounts) + 1))
    lines = [pair for pair in zip(accounts, [*amounts, rest], strict=True) if pair[1]]
    key = secrets.token_hex(8)
    before = balances()
    charge(key, lines)
    after = balances()
    assert (balanced(), sum(after.values())) == (True, 0)
    moved = {account: after[account] - before[account] for account in after}
    assert moved == {str(a): sum(yen for account, yen in lines if account == a) for a in Account}


def test_a_crooked_row_is_found(app: Flask) -> None:
    charge()
    assert balanced()
    unguarded()
    with transaction() as session:
        session.execute(sa.update(PostingLine).where(PostingLine.n == 2).values(yen=-999))
    assert not balanced()


def test_a_posting_without_lines_is_found(app: Flask) -> None:
    with transaction() as session:
        session.add(Posting(key="empty", kind="charge", at=now(), month="2026-11", fiscal_year=2026))
    assert not balanced()


def test_money_goes_its_way_step_by_step(app: Flask) -> None:
    charge()
    assert step("recognise", 900, decision="調定第1号", by="staff:ACC-1")
    assert step("set_aside", 800, decision="積立第1号", by="staff:ACC-1")
    assert step("pay_in", 700, decision="基金第1号", by="staff:ACC-1")
    assert {name: -balances()[name] for name in ("collected", "revenue", "set_aside", "fund")} == {
        "collected": 100,
        "revenue": 100,
        "set_aside": 100,
        "fund": 700,
    }


def test_a_decision_is_carried_out_once(app: Flask) -> None:
    charge()
    outcomes = at_once(app, 5, lambda _: step("recognise", 400, decision="調定第1号", by="staff:ACC-1"))
    assert sorted(outcomes) == [False] * 4 + [True]
    assert balances()["revenue"] == -400


def test_two_decisions_can_not_spend_the_same_yen(app: Flask) -> None:
    charge()
    outcomes = at_once(app, 4, lambda n: step("recognise", 400, decision=f"調定第{n}号", by="staff:ACC-1"))
    assert sum(isinstance(each, NotEnough) for each in outcomes) == 2
    assert (balances()["collected"], balances()["revenue"]) == (-200, -800)
