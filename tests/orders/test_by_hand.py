"""What somebody gave back in Stripe's dashboard before the order heard of its payment, and what came back of it."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import WrongState
from marketplace.orders import returning, settling
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking, refunding
from marketplace.payments.models import Payment
from marketplace.payments.noticing import look_again
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.refunding import retry, send
from marketplace.payments.syncing import sync
from marketplace.receipts.issuing import print_out
from marketplace.staff import money_tasks
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, fresh, heard, issued, payment_of
from tests.pages import read
from tests.payments.test_noticing import differences, frozen_code, refunds, went_back
from tests.payments.till import paid, promised, seen

FAILED, LET_BE, RETRIED, SUCCEEDED = RefundState.FAILED, RefundState.LET_BE, RefundState.RETRIED, RefundState.SUCCEEDED
WHY = "取りやめたことを、担当に電話で確かめた"


def came_back(stripe: LocalStripe, order: Order, yen: int) -> int:
    """Given back by hand, seen, and then called off there; the refund's id."""
    made = stripe.client().refunds.create({"payment_intent": str(payment_of(order).payment_intent_id), "amount": yen})
    heard()
    stripe.sim("bounce", refund=made.id)
    heard()
    return db.session.scalars(sa.select(Refund.id).where(Refund.by_hand)).one()


def test_one_that_came_to_nothing_is_let_be_and_the_right_goes_on(
    app: Flask, stripe: LocalStripe, chain: Chain
) -> None:
    order = issued(chain, bought(stripe))
    refund_id = came_back(stripe, order, 1_000)
    assert (frozen_code(order), len(money_tasks.not_given_back())) == ("refund_under_way", 1)
    path = f"/staff/orders/{order.code}"
    treasury = given.signed_in(app.test_client(), given.staff("treasury"))
    action = f"{path}/refunds/{refund_id}/let_be"
    assert f'formaction="{action}"' in treasury.get(path).text
    form = read(treasury.get(path)).form(f"{path}/refunds/{refund_id}/retry")
    assert treasury.post(action, data={**form.values, "why": ""}).status_code == 422
    assert treasury.post(action, data={**form.values, "why": WHY}).status_code == 303
    assert (refunds(), frozen_code(order), differences()) == ([(LET_BE, 1_000, True)], None, [])
    assert money_tasks.not_given_back() == []
    assert print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST")


@pytest.mark.parametrize("first", ["let be", "left"])
def test_the_whole_price_goes_back_where_two_persons_say_so_afterwards(
    app: Flask, stripe: LocalStripe, chain: Chain, first: str
) -> None:
    order = issued(chain, bought(stripe))
    refund_id = came_back(stripe, order, 400)
    if first == "let be":
        settling.let_be(refund_id, "staff:ACC-TEST", WHY)
    page = given.signed_in(app.test_client(), given.staff("treasury")).get(f"/staff/orders/{order.code}").text
    assert "1,000円の返金を申し出る" in page
    returning.approve(returning.ask(order.id, given.staff("treasury"), "説明と違った"), given.staff("approver"))
    heard()
    ended = LET_BE if first == "let be" else RETRIED
    assert (refunds(), fresh(order.id).state) == ([(ended, 400, True), (SUCCEEDED, 1_000, False)], OrderState.REFUNDED)
    assert (went_back(stripe), money_tasks.not_given_back()) == (1_000, [])


def test_what_two_persons_counted_on_is_owed_and_is_not_let_be(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    made = stripe.client().refunds.create({"payment_intent": str(payment_of(order).payment_intent_id), "amount": 400})
    heard()
    returning.approve(returning.ask(order.id, given.staff("treasury"), "説明と違った"), given.staff("approver"))
    heard()
    stripe.sim("bounce", refund=made.id)
    heard()
    (refund_id,) = db.session.scalars(sa.select(Refund.id).where(Refund.state == FAILED))
    action = f"/staff/orders/{order.code}/refunds/{refund_id}/let_be"
    assert (
        action
        not in given.signed_in(app.test_client(), given.staff("treasury")).get(f"/staff/orders/{order.code}").text
    )
    with pytest.raises(WrongState):
        settling.let_be(refund_id, "staff:ACC-TEST", WHY)
    retry(refund_id, "staff:ACC-TEST", "新しいカード")
    heard()
    assert went_back(stripe) == 1_000


def test_a_refund_of_the_towns_own_is_never_let_be(app: Flask, stripe: LocalStripe) -> None:
    payment_id = paid(stripe, card="pm_card_refundFail")
    refund_id = promised(payment_id, 1_000)
    send(refund_id)
    heard()
    with pytest.raises(WrongState), transaction():
        refunding.let_be(refund_id, "staff:ACC-TEST", WHY)


@pytest.mark.parametrize("yen", [400, 1_000])
def test_money_that_came_too_late_and_went_back_by_hand_before_anybody_heard_ends_the_order(
    app: Flask, stripe: LocalStripe, yen: int
) -> None:
    order = unheard(stripe)
    settling.expire(order.id)  # as if Stripe's answer had been lost
    keeping.drain()
    payment = bought_by(stripe, fresh(place(given.an_account(), order.listing_id)))
    by_hand_of(stripe, late := payment_ids(order)[0], yen)
    assert payment != late
    heard()
    assert (fresh(order.id).state, keeping.late(), went_back(stripe)) == (OrderState.REFUNDED, [], 1_000)


def test_a_second_payment_that_went_back_by_hand_before_anybody_heard_is_heard(app: Flask, stripe: LocalStripe) -> None:
    order = bought(stripe)
    page = "http://127.0.0.1/"
    second = asking.ask(order.subject, 1_000, "同じ注文", "buyer@example.jp", page, page, given.in_days(0.5))
    stripe.pay(asking.checkout_url(second))
    by_hand_of(stripe, second, 1_000)
    heard()
    assert (fresh(order.id).state, keeping.late(), went_back(stripe)) == (OrderState.PAID, [], 1_000)


def unheard(stripe: LocalStripe) -> Order:
    """An order of the only unit, whose payment nobody has heard of."""
    order_id = place(given.an_account(), given.a_listing(price_yen=1_000, quantity=1))
    stripe.pay(checkout(order_id))
    return fresh(order_id)


def bought_by(stripe: LocalStripe, order: Order) -> int:
    stripe.pay(checkout(order.id))
    (payment_id,) = payment_ids(order)
    sync(payment_id)
    keeping.drain()
    return payment_id


def payment_ids(order: Order) -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Payment.id).where(Payment.subject == order.subject)))


def by_hand_of(stripe: LocalStripe, payment_id: int, yen: int) -> None:
    """In the dashboard, and the town has just seen it there; what it means for the order nobody has heard yet."""
    sync(payment_id)
    stripe.client().refunds.create({"payment_intent": str(seen(payment_id).payment_intent_id), "amount": yen})
    look_again(payment_id)
