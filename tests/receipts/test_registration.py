"""A registration for the consumption tax begins and ends on a day, and a receipt may be asked for on another one."""

from datetime import date, datetime

import pytest
from flask import Flask
from pydantic import ValidationError

from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db, get
from marketplace.orders.models import Order
from marketplace.receipts.issuing import print_out
from marketplace.receipts.models import Print, Receipt
from marketplace.settings import Settings
from marketplace.settings.budgets import Budget
from tests.receipts.bought import given_back, paid

NUMBER = "T2000012345678"
SPRING = datetime(2027, 4, 10, 12, tzinfo=JST)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    term = {"registered_from": date(2026, 10, 1), "registered_until": date(2027, 3, 31)}
    return settings.model_copy(update={"budgets": {"general": Budget(name="一般会計", registration=NUMBER, **term)}})


def sold(at: str) -> Order:
    with pretending(datetime.fromisoformat(f"{at}+09:00")):
        return paid(price_yen=22_000)


def printed(order: Order, refund_id: int | None = None) -> Receipt:
    """In spring, when the term is over."""
    with pretending(SPRING):
        receipt = get(Print, print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST", refund_id)).receipt
    db.session.rollback()
    return receipt


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("2026-09-30T23:50", ""),
        ("2026-10-01T00:10", NUMBER),
        ("2027-03-31T23:50", NUMBER),
        ("2027-04-01T00:10", ""),
    ],
)
def test_the_number_is_that_of_the_day_of_the_sale(app: Flask, at: str, number: str) -> None:
    assert printed(sold(at)).registration == number


def test_what_goes_back_after_the_term_has_the_invoice_of_its_sale(app: Flask) -> None:
    before, within = sold("2026-09-30T12:00"), sold("2026-12-01T12:00")
    with pretending(SPRING):
        refunds = [given_back(order).id for order in (before, within)]
    papers = [printed(order, refund_id) for order, refund_id in zip((before, within), refunds, strict=True)]
    assert [(paper.registration, paper.kind_ja) for paper in papers] == [
        ("", "返金の明細書"),
        (NUMBER, "適格返還請求書（返還インボイス）"),
    ]


def test_a_term_that_ends_before_it_begins_does_not_start() -> None:
    with pytest.raises(ValidationError):
        Budget(name="一般会計", registered_from=date(2027, 4, 1), registered_until=date(2027, 3, 31))
