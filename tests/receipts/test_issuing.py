from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.journal.models import Entry
from marketplace.journal.writing import move
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, lock, transaction
from marketplace.listings.models import Tax
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.payments.refund_models import Refund
from marketplace.payments.refunding import pay_by_bank
from marketplace.payments.squaring import BY_DISPUTE
from marketplace.receipts import rules
from marketplace.receipts.issuing import find, print_out, refunds
from marketplace.receipts.models import Print, Receipt, Series
from marketplace.settings import Settings
from tests import given
from tests.racing import at_once
from tests.receipts.bought import BUDGETS, given_back, paid, sent_back_by_the_card

BUYER = "buyer:ACC-TEST"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"budgets": BUDGETS})


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def out(order: Order, name: str = "月山 花子 様", copy: int = 1, refund_id: int | None = None) -> Receipt:
    return get(Print, print_out(order.id, name, copy, BUYER, refund_id)).receipt


def torn(order: Order) -> None:
    """The machine stops after the receipt was written and before the transaction ends."""
    with transaction():
        out(order)
        raise ZeroDivisionError


def numbers() -> list[str]:
    db.session.rollback()
    return [receipt.number for receipt in db.session.scalars(sa.select(Receipt).order_by(Receipt.id))]


def test_a_receipt_says_what_was_paid_and_the_tax_within() -> None:
    order = paid(title_ja="デジタル住民票")
    receipt = out(order)
    assert (receipt.title, receipt.yen, receipt.tax, receipt.tax_yen, receipt.moved_at) == (
        f"デジタル住民票（{order.unit.serial}番）",
        1_300,
        Tax.TAXABLE_10,
        118,
        order.paid_at,
    )
    assert (receipt.budget_name, receipt.registration, receipt.issuer) == ("一般会計", "T2000012345678", "月見沢町")


def test_what_is_not_taxable_has_no_tax_and_its_own_budget_its_own_numbers() -> None:
    first, second = out(paid()), out(paid(tax=Tax.OUT_OF_SCOPE, budget="tourism"))
    assert (second.tax_yen, second.budget_name, second.registration) == (0, "観光事業特別会計", "")
    assert [first.number[5:], second.number[5:]] == ["general-000001", "tourism-000001"]


def test_numbers_begin_again_in_april() -> None:
    orders = [paid() for _ in range(3)]
    march = datetime(2027, 3, 31, 14, 59, tzinfo=UTC)  # 23:59 in Japan
    for order, minutes in zip(orders, (0, 0, 1), strict=True):
        with pretending(march + timedelta(minutes=minutes)):
            out(order)
    assert numbers() == ["2026-general-000001", "2026-general-000002", "2027-general-000001"]
    assert find(orders[2].id).number_ja == "令和9年度 一般会計 第1号"  # type: ignore[union-attr]


def test_printed_again_it_is_the_same_receipt_and_each_copy_has_its_addressee() -> None:
    order = paid()
    first, second = out(order), out(order, "株式会社つきみ 御中", 2)
    assert first.id == second.id
    assert [(each.n, each.addressee) for each in find(order.id).prints] == [  # type: ignore[union-attr]
        (1, "月山 花子 様"),
        (2, "株式会社つきみ 御中"),
    ]


def test_the_button_pressed_twice_prints_once() -> None:
    order = paid()
    ids = {print_out(order.id, "月山 花子 様", 1, BUYER) for _ in range(3)}
    assert (len(ids), len(numbers())) == (1, 1)
    with pytest.raises(rules.PrintedMeanwhile):
        out(order, "ほかの方 様", 1)
    with pytest.raises(rules.PrintedMeanwhile):
        out(order, "月山 花子 様", 3)


def test_the_journal_knows_the_number_and_not_the_name() -> None:
    order = paid()
    out(order)
    entry = db.session.scalars(sa.select(Entry).where(Entry.event == "print_receipt")).one()
    assert (entry.subject, entry.by, entry.details["copy"], "花子" in str(entry.details)) == (
        order.subject,
        BUYER,
        1,
        False,
    )


def test_no_receipt_before_the_money_nor_when_it_goes_back() -> None:
    unpaid = get(Order, place(given.an_account(), given.a_listing()))
    with pytest.raises(rules.NothingReceived):
        out(unpaid)
    order = paid()
    given_back(order)
    with pytest.raises(rules.GoingBack):
        out(order)
    assert numbers() == []


def test_a_return_invoice_names_the_sale_and_has_a_number_of_the_same_series() -> None:
    order = paid(price_yen=22_000)
    out(order)
    refund = given_back(order)
    back = out(order, refund_id=refund.id)
    assert (back.yen, back.tax_yen, back.sold_at, back.kind_ja) == (
        22_000,
        2_000,
        order.paid_at,
        "適格返還請求書（返還インボイス）",
    )
    assert [number[-6:] for number in numbers()] == ["000001", "000002"]
    assert out(order, refund_id=refund.id).id == back.id


def test_what_the_card_did_not_take_has_a_return_invoice_once_the_towns_bank_has_paid_it() -> None:
    order = paid()
    refund = sent_back_by_the_card(order)
    with pytest.raises(rules.NotGivenBack):
        out(order, refund_id=refund.id)
    pay_by_bank(refund.id, "staff:ACC-TEST", "振込ずみ")
    assert out(order, refund_id=refund.id).yen == order.yen


def test_what_a_dispute_took_has_none() -> None:
    order = paid()
    refund = sent_back_by_the_card(order)
    with transaction():
        move(lock(Refund, refund.id), "refund.take_back", why=BY_DISPUTE)
    with pytest.raises(rules.TakenByTheBank):
        out(order, refund_id=refund.id)


def test_another_orders_refund_is_not_found() -> None:
    order, other = paid(), paid()
    refund = given_back(other)
    with pytest.raises(LookupError):
        out(order, refund_id=refund.id)
    assert (refunds(order), [each.id for each in refunds(other)]) == ([], [refund.id])


def test_two_at_once_get_different_numbers_and_nobody_a_gap(app: Flask) -> None:
    listing_id = given.a_listing(price_yen=1_300, quantity=8)
    orders = [paid(listing_id).id for _ in range(8)]
    ids = at_once(app, 8, lambda n: print_out(orders[n], "月山 花子 様", 1, BUYER))
    assert len({each for each in ids if isinstance(each, int)}) == 8
    assert sorted(number[-6:] for number in numbers()) == [f"{n:06}" for n in range(1, 9)]


def test_one_order_at_once_gets_one_number(app: Flask) -> None:
    order_id = paid().id
    ids = at_once(app, 6, lambda _n: print_out(order_id, "月山 花子 様", 1, BUYER))
    assert (len(set(ids)), len(numbers())) == (1, 1)


def test_what_fails_in_the_middle_takes_no_number() -> None:
    order = paid()
    with pytest.raises(ZeroDivisionError):
        torn(order)
    assert numbers() == []
    assert [out(order).n, out(paid()).n] == [1, 2]
    assert db.session.scalars(sa.select(Series.last)).all() == [2]


@pytest.mark.parametrize("n", [1, 3])
def test_the_database_itself_refuses_a_gap_and_a_second(n: int) -> None:
    first = out(paid())
    values = {column.name: getattr(first, column.name) for column in Receipt.__table__.columns}
    other = paid()
    wrong = values | {"id": 99, "n": n, "before": n - 1 or None, "order_id": other.id}
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(sa.insert(Receipt).values(wrong))
