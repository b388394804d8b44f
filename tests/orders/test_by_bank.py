"""A refund that somebody recorded as paid by the town's bank, and that nobody has paid."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.statements import balances
from marketplace.kit.db import db
from marketplace.kit.refusals import WrongState
from marketplace.orders import settling
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.refunding import not_paid_by_bank, pay_by_bank, retry
from marketplace.receipts.issuing import print_out
from marketplace.receipts.rules import NeverGivenBack
from marketplace.staff import money_tasks
from tests import given
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, fresh, heard, payment_of
from tests.pages import read, submit
from tests.racing import at_once

CLERK, WHY = "staff:ACC-TEST", "ほかの注文とまちがえた"
FAILED, RETRIED, BY_BANK = RefundState.FAILED, RefundState.RETRIED, RefundState.BY_BANK


def recorded(stripe: LocalStripe) -> tuple[Order, int]:
    """An order whose refund the card did not take, and a clerk who pressed the button of another one."""
    order = bought(stripe, card="pm_card_refundFail")
    settling.refund(order.id, CLERK, "品切れ")
    heard()
    refund_id = db.session.scalars(sa.select(Refund.id)).one()
    pay_by_bank(refund_id, CLERK, "11月30日に振込")
    return order, refund_id


def refunds() -> list[tuple[RefundState, int]]:
    db.session.rollback()
    return [(one.state, one.yen) for one in db.session.scalars(sa.select(Refund).order_by(Refund.id))]


def asked_of_staff() -> list[str]:
    return [task.what for task in money_tasks.not_given_back()]


def hers(app: Flask, order: Order) -> str:
    return read(given.signed_in(app.test_client(), order.buyer_id).get(f"/orders/{order.code}")).words


@pytest.mark.parametrize("heard_of", [True, False])
def test_what_nobody_paid_is_owed_again_and_in_no_book(app: Flask, stripe: LocalStripe, heard_of: bool) -> None:
    """Also where it is taken back before any office has heard of it."""
    order, refund_id = recorded(stripe)
    if heard_of:
        heard()
        assert (balances()["bank"], asked_of_staff()) == (-1_000, [])
    not_paid_by_bank(refund_id, CLERK, WHY)
    heard()
    assert (refunds(), payment_of(order).refunded_yen) == ([(RETRIED, 1_000), (FAILED, 1_000)], 0)
    assert (balances()["bank"], balances()["refunds"]) == (0, 0)
    assert asked_of_staff() == ["1,000円の返金がカード会社に届きませんでした"]
    assert "返金の手続きを進めています。" in hers(app, order)
    assert keeping.late() == []


def test_then_it_is_paid_and_booked_once_more(app: Flask, stripe: LocalStripe) -> None:
    order, refund_id = recorded(stripe)
    heard()
    pay_by_bank(not_paid_by_bank(refund_id, CLERK, WHY), CLERK, "12月1日に振込")
    heard()
    assert (refunds(), fresh(order.id).state) == ([(RETRIED, 1_000), (BY_BANK, 1_000)], OrderState.REFUNDED)
    assert (balances()["bank"], balances()["refunds"], asked_of_staff()) == (-1_000, 1_000, [])
    assert "1,000円を、お返ししました。" in hers(app, order)


def test_or_the_card_takes_it_after_all(app: Flask, stripe: LocalStripe) -> None:
    order, refund_id = recorded(stripe)
    stripe.sim("mend_card", payment_intent=payment_of(order).payment_intent_id)
    retry(not_paid_by_bank(refund_id, CLERK, WHY), CLERK, "新しいカード")
    heard()
    assert refunds()[-1] == (RefundState.SUCCEEDED, 1_000)
    assert (balances()["bank"], balances()["refunds"], fresh(order.id).state) == (0, 1_000, OrderState.REFUNDED)


def test_what_the_payers_bank_took_meanwhile_is_not_owed_again(app: Flask, stripe: LocalStripe) -> None:
    order, refund_id = recorded(stripe)
    heard()
    dispute = disputed(stripe, order)
    stripe.sim("close_dispute", dispute=dispute, won=False)
    heard()
    not_paid_by_bank(refund_id, CLERK, WHY)
    heard()
    assert (refunds()[-1], asked_of_staff()) == ((RefundState.BY_DISPUTE, 1_000), [])


def test_pressed_by_two_it_is_taken_back_once(app: Flask, stripe: LocalStripe) -> None:
    _order, refund_id = recorded(stripe)
    outcomes = at_once(app, 3, lambda _: not_paid_by_bank(refund_id, CLERK, WHY))
    assert sum(isinstance(each, WrongState) for each in outcomes) == 2
    heard()
    assert (refunds(), balances()["bank"]) == ([(RETRIED, 1_000), (FAILED, 1_000)], 0)


def test_the_treasury_does_it_where_the_record_stands_and_says_why(app: Flask, stripe: LocalStripe) -> None:
    order, refund_id = recorded(stripe)
    heard()
    path = f"/staff/orders/{order.code}"
    unpaid = f"{path}/refunds/{refund_id}/unpaid"
    treasury = given.signed_in(app.test_client(), given.staff("treasury"))
    assert submit(treasury, path, {"why": ""}, action=unpaid).status_code == 422
    assert refunds() == [(BY_BANK, 1_000)]
    assert submit(treasury, path, {"why": WHY}, action=unpaid).status_code == 303
    assert refunds() == [(RETRIED, 1_000), (FAILED, 1_000)]
    assert unpaid not in treasury.get(path).text
    approver = given.signed_in(app.test_client(), given.staff("approver"))
    assert "まちがえて記録したとき" not in approver.get(path).text


def test_the_invoice_of_what_nobody_paid_is_not_to_be_used(app: Flask, stripe: LocalStripe) -> None:
    order, refund_id = recorded(stripe)
    heard()
    print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST", refund_id)
    owed = not_paid_by_bank(refund_id, CLERK, WHY)
    pay_by_bank(owed, CLERK, "12月1日に振込")
    heard()
    buyer = given.signed_in(app.test_client(), order.buyer_id)
    words = read(buyer.get(f"/orders/{order.code}/receipt")).words
    assert ("前にお出しした書類は、使わないでください。" in words, "返金がすんでから" in words) == (True, False)
    with pytest.raises(NeverGivenBack):
        print_out(order.id, "月山 太郎 様", 2, "buyer:ACC-TEST", refund_id)
    db.session.rollback()
    assert print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST", owed)
