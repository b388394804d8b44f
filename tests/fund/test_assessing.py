"""調定 → 収納: a winner who was told to pay in March and pays in April pays for the year of March."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.assessing import assess, drop
from marketplace.fund.models import Assessment, Posting
from marketplace.fund.statements import of_year
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import db, transaction
from marketplace.orders.models import Order
from marketplace.outbox import keeping
from marketplace.payments.balance import read_balance, read_payouts
from marketplace.settings import Settings
from tests.local_stripe import LocalStripe
from tests.lotteries.applied import drawn
from tests.payments.till import paid, promised

MARCH = datetime(2027, 3, 30, 12, tzinfo=JST)
APRIL = datetime(2027, 4, 5, 12, tzinfo=JST)
JUNE = datetime(2027, 6, 2, 12, tzinfo=JST)


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def told(subject: str = "order:ORD-1", yen: int = 10_000) -> None:
    with transaction():
        assess(subject, yen, now())


def years() -> list[tuple[str, int, str]]:
    db.session.rollback()
    return [
        (one.kind, one.fiscal_year, one.month) for one in db.session.scalars(sa.select(Posting).order_by(Posting.id))
    ]


def at(stripe: LocalStripe, moment: datetime) -> None:
    stripe.sim("clock", at=int(moment.timestamp()))


def test_a_charge_in_march_that_is_paid_out_in_april_is_of_the_year_of_march(app: Flask, stripe: LocalStripe) -> None:
    at(stripe, MARCH)
    with pretending(MARCH):
        paid(stripe, "order:ORD-1", 10_000)
    at(stripe, APRIL)
    stripe.sim("payout")
    with pretending(APRIL):  # and nothing was heard before
        keeping.drain()
        read_balance()
        read_payouts()
        keeping.drain()
    assert years() == [("charge", 2026, "2027-03"), ("payout", 2027, "2027-04")]
    assert (of_year(2026)["collected_yen"], of_year(2027)["collected_yen"]) == (10_000, 0)


@pytest.mark.parametrize(("pays", "year"), [(APRIL, 2026), (JUNE, 2027)])
def test_the_year_is_that_of_the_assessment_until_its_books_close(
    app: Flask, stripe: LocalStripe, pays: datetime, year: int
) -> None:
    with pretending(MARCH):
        told()
        assert (of_year(2026)["assessed_yen"], of_year(2026)["uncollected_yen"]) == (10_000, 10_000)
    at(stripe, pays)
    with pretending(pays):
        paid(stripe, "order:ORD-1", 10_000)
        keeping.drain()
    assert [each[1] for each in years()] == [year]
    found = of_year(year)
    assert (found["assessed_yen"], found["collected_yen"], found["uncollected_yen"]) == (10_000, 10_000, 0)


def test_an_award_is_one_moment_in_the_book_and_in_the_lists_for_the_accounts(app: Flask) -> None:
    """Two looks at the clock, one on each side of the end of March, gave it two years."""
    drawn(3)
    told_at = sa.select(Assessment.assessed_at, Order.created_at)
    pairs = db.session.execute(told_at.join(Order, Assessment.subject == "order:" + Order.code)).all()
    assert [assessed == created for assessed, created in pairs] == [True, True]


@pytest.mark.parametrize(("back", "year"), [(APRIL, 2026), (JUNE, 2027)])
def test_a_refund_is_taken_from_the_year_of_its_income_until_its_books_close(
    app: Flask, stripe: LocalStripe, back: datetime, year: int
) -> None:
    at(stripe, MARCH)
    with pretending(MARCH):
        payment_id = paid(stripe, "order:ORD-1", 10_000)
        keeping.drain()
    at(stripe, back)
    with pretending(back):
        promised(payment_id, 10_000)
        keeping.drain()
    assert [each[:2] for each in years()] == [("charge", 2026), ("refund", year)]


def test_a_claim_that_fell_away_is_not_open_any_more(app: Flask) -> None:
    with pretending(MARCH):
        told()
        told()
        with transaction():
            drop("order:ORD-1", "期限切れ")
        assert of_year(2026)["uncollected_yen"] == 0
    (assessment,) = db.session.scalars(sa.select(Assessment))
    assert assessment.dropped_at is not None
    assert assessment.dropped_at - assessment.assessed_at < timedelta(minutes=1)
