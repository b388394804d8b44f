"""小計: whatever has been added up, the book says the same, and nothing is counted twice or left out."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from marketplace.fund import subtotals
from marketplace.fund.models import Account, Book, Posting, PostingLine, Subtotal
from marketplace.fund.posting import post
from marketplace.fund.rules import Lines
from marketplace.fund.statements import balanced, balances, collected_yen, summary
from marketplace.fund.subtotals import bring_forward, differing
from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from tests.crashing import PowerCut, rolled_back
from tests.journal.forging import unguarded
from tests.racing import at_once

SALE = [(Account.STRIPE, 964), (Account.FEES, 36), (Account.COLLECTED, -1_000)]
BACK = [(Account.REFUNDS, 1_000), (Account.STRIPE, -1_000)]


def happened(n: int, kind: str, lines: Lines, days: int = 0) -> None:
    assert post(f"txn_{n}", kind, lines, at=now() - timedelta(days=days), subject=f"order:ORD-{n}")


def through() -> int | None:
    return db.session.scalar(sa.select(Book.summed_through))


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["charge", "refund", "add"]), st.integers(0, 70)), max_size=12))
def test_the_book_says_the_same_however_much_of_it_is_added_up(app: Flask, acts: list[tuple[str, int]]) -> None:
    unguarded()  # for each of the examples begins with an empty book
    with transaction() as session:
        for each in (PostingLine, Posting, Subtotal, Book):
            session.execute(sa.delete(each))
    charges = refunds = 0
    for n, (act, days) in enumerate(acts):
        if act == "add":
            before = summary()
            bring_forward(few=0)
            assert summary() == before
        else:
            happened(n, act, SALE if act == "charge" else BACK, days)
            charges, refunds = charges + (act == "charge"), refunds + (act == "refund")
    assert (collected_yen(), balances()["refunds"]) == (1_000 * charges, 1_000 * refunds)
    assert sum(each["collected_yen"] for each in summary()["months"]) == 1_000 * charges
    assert differing() == {}


def test_a_few_are_left_to_the_pages(app: Flask) -> None:
    for n in range(3):
        happened(n, "charge", SALE)
    bring_forward(few=3)
    assert through() == 0
    bring_forward(few=2)
    assert through() == db.session.scalar(sa.select(sa.func.max(Posting.id)))
    assert balances()["collected"] == -3_000


def test_all_are_added_up_in_portions(app: Flask) -> None:
    for n in range(subtotals.AT_ONCE + 1):
        happened(n, "charge", SALE)
    bring_forward(few=0)
    sales = subtotals.AT_ONCE + 1
    kept = db.session.scalars(sa.select(Subtotal)).all()
    assert {(each.kind, each.account): each.yen for each in kept} == {
        ("charge", "stripe"): 964 * sales,
        ("charge", "fees"): 36 * sales,
        ("charge", "collected"): -1_000 * sales,
    }


def test_who_posts_while_it_is_added_up_is_counted_once(app: Flask) -> None:
    def act(n: int) -> None:
        if n % 3:
            happened(n, "charge", SALE)
        else:
            bring_forward(few=0)

    assert at_once(app, 12, act) == [None] * 12
    assert balances()["collected"] == -8_000
    bring_forward(few=0)
    assert (balances()["collected"], differing()) == (-8_000, {})


def test_two_workers_add_it_up_once_and_neither_complains(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    for n in range(5):
        happened(n, "charge", SALE)
    outcomes = at_once(app, 4, lambda _: subtotals._add_next())
    assert ([each for each in outcomes if isinstance(each, Exception)], caplog.messages) == ([], [])
    assert (balances()["collected"], differing()) == (-5_000, {})


def test_a_worker_that_dies_in_the_middle_has_added_nothing(app: Flask) -> None:
    for n in range(3):
        happened(n, "charge", SALE)
    with rolled_back(PowerCut):
        bring_forward(few=0)
    assert (through(), balances()["collected"]) == (0, -3_000)
    bring_forward(few=0)
    assert (balances()["collected"], differing()) == (-3_000, {})


def test_a_crooked_posting_stays_outside_and_is_logged_and_what_came_before_it_is_added(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(3):
        happened(n, "charge", SALE)
    second, third = db.session.scalars(sa.select(Posting.id).order_by(Posting.id).offset(1)).all()
    unguarded()
    with transaction() as session:
        session.execute(sa.update(PostingLine).where(PostingLine.posting_id == third, PostingLine.n == 1).values(yen=1))
    bring_forward(few=0)
    bring_forward(few=0)
    assert f"posting {third} is crooked: the subtotals of the fund end before it" in caplog.messages
    assert (through(), balanced(), balances()["collected"]) == (second, False, -3_000)


def test_who_changes_what_was_added_up_is_found(app: Flask) -> None:
    happened(1, "charge", SALE)
    bring_forward(few=0)
    assert differing() == {}
    unguarded()
    with transaction() as session:
        for account, yen in ((Account.STRIPE, 1_964), (Account.COLLECTED, -2_000)):
            session.execute(sa.update(PostingLine).where(PostingLine.account == account).values(yen=yen))
    assert (balanced(), differing()) == (True, {("charge", "stripe"): -1_000, ("charge", "collected"): 1_000})
