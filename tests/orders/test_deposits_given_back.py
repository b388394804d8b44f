"""充当: the winner's deposit goes back where it pays nothing, or where the price itself does."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.fund.deposits import in_custody
from marketplace.kit.db import db, get
from marketplace.kit.refusals import WrongState
from marketplace.listings import scheduling
from marketplace.orders import settling
from marketplace.orders.models import OrderState
from marketplace.outbox import keeping
from marketplace.payments import asking, holding, refunding
from marketplace.payments.models import Payment
from marketplace.payments.reconciling import reconcile
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.syncing import sync
from tests import given
from tests.admissions.test_deposits import row, states
from tests.local_stripe import LocalStripe
from tests.orders.awarded import (
    AWAITING,
    CAPTURED,
    PAID,
    REFUNDED,
    RELEASED,
    RETURNED,
    equals_stripe,
    hear,
    letters,
    moved,
    paid,
    unpaid,
    won,
)
from tests.pages import read
from tests.payments.till import said


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def test_money_in_full_that_comes_all_the_same_gives_the_deposit_back(stripe: LocalStripe) -> None:
    sale = won(stripe)
    page = "http://127.0.0.1/"
    order = sale.order
    ended = given.in_days(0.5)
    payment_id = asking.ask(order.subject, 30_000, "権利", "buyer@example.jp", page, page, ended)
    paid(stripe, sale, asking.checkout_url(payment_id))
    assert sale.counted() == (PAID, 0, RETURNED)
    assert (moved()["collected"], in_custody(), equals_stripe(stripe)) == (-30_000, 0, True)


def test_what_the_card_does_not_take_back_leaves_custody_by_the_bank(stripe: LocalStripe) -> None:
    sale = won(stripe, card="pm_card_refundFail")
    page, order = "http://127.0.0.1/", sale.order
    payment_id = asking.ask(order.subject, 30_000, "権利", "buyer@example.jp", page, page, given.in_days(0.5))
    paid(stripe, sale, asking.checkout_url(payment_id))
    reconcile()
    hear()
    (failed,) = db.session.scalars(sa.select(Refund.id).where(Refund.state == RefundState.FAILED))
    assert (sale.counted(), in_custody()) == ((PAID, 0, RETURNED), 10_000)
    refunding.pay_by_bank(failed, "staff:ACC-TEST", "11月30日に振込")
    hear()
    assert (in_custody(), moved().get("refunds", 0), moved()["bank"]) == (0, 0, -10_000)


def test_what_the_card_does_not_take_back_and_a_dispute_took_is_not_owed_besides(stripe: LocalStripe) -> None:
    sale = won(stripe, card="pm_card_refundFail")
    page, order = "http://127.0.0.1/", sale.order
    payment_id = asking.ask(order.subject, 30_000, "権利", "buyer@example.jp", page, page, given.in_days(0.5))
    paid(stripe, sale, asking.checkout_url(payment_id))
    deposit = get(Payment, sale.order.deposit_payment_id)
    dispute = stripe.sim("dispute", payment_intent=deposit.payment_intent_id)["id"]
    stripe.sim("close_dispute", dispute=dispute, won=False)
    reconcile()
    hear()
    refunds = db.session.execute(sa.select(Refund.payment_id, Refund.state, Refund.yen)).all()
    assert refunds == [(deposit.id, RefundState.BY_DISPUTE, 10_000)]
    assert (sale.counted(), in_custody()) == ((PAID, 0, RETURNED), 0)
    assert (moved().get("refunds", 0), moved().get("bank", 0), equals_stripe(stripe)) == (0, 0, True)


def test_a_sale_that_is_cancelled_after_the_award_gives_it_back(stripe: LocalStripe) -> None:
    sale = won(stripe)
    scheduling.cancel(sale.order.listing_id, "staff:ACC-1", "施設が使えなくなったため")
    hear()
    unpaid(sale)
    assert sale.counted() == (OrderState.EXPIRED, 0, RETURNED)
    assert moved() == {"stripe": -360, "fees": 360}
    assert equals_stripe(stripe)


def test_staff_give_both_parts_of_the_price_back(stripe: LocalStripe) -> None:
    sale = won(stripe)
    paid(stripe, sale)
    settling.refund(sale.order_id, by="staff:ACC-1", why="町の都合")
    with pytest.raises(WrongState):
        settling.refund(sale.order_id, by="staff:ACC-1", why="町の都合")
    hear()
    assert sale.order.state == REFUNDED
    assert [body["yen"] for body in said("deposit.applied")] == [10_000]
    fees = moved()["fees"]
    assert moved() == {"stripe": -fees, "fees": fees, "collected": -30_000, "refunds": 30_000}
    assert (in_custody(), equals_stripe(stripe)) == (0, True)
    assert "30,000円" in letters("refunded")[0]


def test_an_order_is_given_back_when_both_parts_are(stripe: LocalStripe) -> None:
    sale = won(stripe)
    payment_id = paid(stripe, sale)
    settling.refund(sale.order_id, by="staff:ACC-1", why="町の都合")
    first, second = said("refund.promised")
    refunding.send(first["refund_id"])
    settling.refunded(sale.order_id, payment_id)
    assert sale.order.state == OrderState.REFUND_PENDING
    refunding.send(second["refund_id"])
    settling.refunded(sale.order_id, payment_id)
    assert sale.order.state == REFUNDED


def test_a_deposit_that_is_placed_anew_after_the_award_goes_back(stripe: LocalStripe) -> None:
    """Its page was open since before."""
    sale = won(stripe)
    page, subject = "http://127.0.0.1/", row(sale.winner).subject
    again = holding.ask_hold(subject, 10_000, "保証金", "buyer@example.jp", page, page, given.in_days(0.5))
    stripe.pay(asking.checkout_url(again))
    sync(again)
    hear()
    assert (states(sale.winner), sale.counted()) == ([CAPTURED, RELEASED], (AWAITING, 10_000, None))


def by_hand(stripe: LocalStripe, payment_id: int | None, yen: int) -> str:
    """Somebody gives money back in Stripe's dashboard, and everybody hears of it; Stripe's name for it."""
    intent = str(get(Payment, payment_id).payment_intent_id)
    made = stripe.client().refunds.create({"payment_intent": intent, "amount": yen}).id
    reconcile()
    hear()
    return made


def test_of_a_deposit_that_went_back_by_hand_the_rest_goes_back_with_the_price(
    stripe: LocalStripe, client: FlaskClient
) -> None:
    sale = won(stripe)
    paid(stripe, sale)
    by_hand(stripe, sale.order.deposit_payment_id, 4_000)
    desk = given.signed_in(client, given.staff("treasury")).get(f"/staff/orders/{sale.order.code}")
    assert "もう4,000円が返っています（返す途中のものも数えます）。残りの26,000円を" in read(desk).words
    settling.refund(sale.order_id, "staff:ACC-TEST", "品切れ")
    hear()
    assert sale.counted()[0] == REFUNDED
    assert (moved()["refunds"], in_custody(), equals_stripe(stripe)) == (30_000, 0, True)


def test_a_deposit_that_went_back_by_hand_does_not_keep_the_payment_from_being_heard(stripe: LocalStripe) -> None:
    sale = won(stripe)
    order, page = sale.order, "http://127.0.0.1/"
    payment_id = asking.ask(order.subject, 30_000, "権利", "buyer@example.jp", page, page, given.in_days(0.5))
    by_hand(stripe, order.deposit_payment_id, 4_000)
    paid(stripe, sale, asking.checkout_url(payment_id))
    assert (sale.counted(), keeping.late()) == ((PAID, 0, RETURNED), [])
    assert (moved()["collected"], in_custody(), equals_stripe(stripe)) == (-30_000, 0, True)


@pytest.mark.parametrize("applied", [True, False])
def test_a_deposit_by_hand_that_comes_back_is_where_it_was(stripe: LocalStripe, applied: bool) -> None:
    """And what the town's bank then pays of it is a part of the price, or out of custody."""
    sale = won(stripe)
    if applied:
        paid(stripe, sale)
    before = moved()
    stripe.sim("bounce", refund=by_hand(stripe, sale.order.deposit_payment_id, 10_000))
    reconcile()
    hear()
    assert {**moved(), "fees": before["fees"]} == before
    (failed,) = db.session.scalars(sa.select(Refund.id).where(Refund.state == RefundState.FAILED))
    refunding.pay_by_bank(failed, "staff:ACC-TEST", "11月30日に振込")
    hear()
    assert (in_custody(), moved().get("refunds", 0), moved()["bank"]) == (0, 10_000 * applied, -10_000)
