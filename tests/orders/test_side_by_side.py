"""Two orders at the same time: what happens to the money and the right of one leaves those of the other alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.holders.rules import Disputed
from marketplace.kit.db import db
from marketplace.listings.models import Listing, ListingState
from marketplace.orders import cancelling, evidence, returning, settling
from marketplace.orders.models import Order, OrderState
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import refunding
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.tokens.freezing import frozen
from tests import ended, given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, fresh, heard, issued, payment_of, token_of

WHY = "説明と違う特典をお渡ししていたため"
FAILED, SUCCEEDED = RefundState.FAILED, RefundState.SUCCEEDED


@pytest.fixture
def two(app: Flask, stripe: LocalStripe, chain: Chain) -> list[Order]:
    """Of two sales, bought by two people who have their rights. What happens, happens to the second."""
    return [issued(chain, bought(stripe)) for _ in range(2)]


def frozen_codes(orders: list[Order]) -> list[str | None]:
    refusals = [frozen(token_of(order)) for order in orders]
    db.session.rollback()
    return [refusal.code if refusal is not None else None for refusal in refusals]


def refunds(order: Order) -> list[tuple[RefundState, int]]:
    found = sa.select(Refund.state, Refund.yen).where(Refund.payment_id == payment_of(order).id).order_by(Refund.id)
    return [(state, yen) for state, yen in db.session.execute(found)]


def states(orders: list[Order]) -> list[OrderState]:
    return [fresh(order.id).state for order in orders]


def test_the_money_of_one_is_asked_back_and_goes_back(two: list[Order]) -> None:
    other, order = two
    request_id = returning.ask(order.id, given.staff("treasury"), WHY)
    assert frozen_codes(two) == [None, "refund_under_way"]
    assert (returning.waiting(other.id), returning.obstacle(fresh(other.id))) == (None, None)
    db.session.rollback()
    returning.approve(request_id, given.staff("approver"))
    keeping.drain()
    assert (states(two), frozen_codes(two)) == ([OrderState.ISSUED, OrderState.REFUNDED], [None, "refunded"])
    assert [refunds(each) for each in two] == [[], [(SUCCEEDED, 1_000)]]


def test_a_dispute_of_one_freezes_that_right_and_its_evidence_tells_of_that_order(
    two: list[Order], stripe: LocalStripe
) -> None:
    other, order = two
    dispute_id = disputed(stripe, order)
    assert frozen_codes(two) == [None, Disputed.code]
    found = evidence.gather(dispute_id)
    token = found.token
    assert token is not None
    assert (found.order.id, token.order_code, [hand.token_id for hand in found.hands]) == (
        order.id,
        order.code,
        [token.token_id],
    )
    assert ({letter.to_email for letter in found.letters}, len(found.steps)) == ({order.buyer.email}, 4)
    db.session.rollback()
    returning.approve(returning.ask(other.id, given.staff("treasury"), WHY), given.staff("approver"))
    keeping.drain()
    assert states(two) == [OrderState.REFUNDED, OrderState.ISSUED]


def test_a_refund_that_failed_is_tried_again_while_another_payment_is_in_dispute(
    app: Flask, stripe: LocalStripe
) -> None:
    order, other = bought(stripe, card="pm_card_refundFail"), bought(stripe)
    settling.refund(order.id, "staff:ACC-TEST", WHY)
    heard()
    dispute = disputed(stripe, other)
    stripe.sim("close_dispute", dispute=dispute, won=False)
    disputed(stripe, bought(stripe))
    heard()
    assert refunds(order) == [(FAILED, 1_000)]
    failed = db.session.scalars(sa.select(Refund.id).where(Refund.payment_id == payment_of(order).id)).one()
    stripe.sim("mend_card", payment_intent=payment_of(order).payment_intent_id)
    refunding.retry(failed, "staff:ACC-TEST", "新しいカード")
    heard()
    assert (refunds(order), fresh(order.id).state) == (
        [(RefundState.RETRIED, 1_000), (SUCCEEDED, 1_000)],
        OrderState.REFUNDED,
    )


def test_what_was_given_back_by_hand_of_one_is_no_part_of_the_other(two: list[Order], stripe: LocalStripe) -> None:
    other, order = two
    made = stripe.client().refunds.create({"payment_intent": str(payment_of(other).payment_intent_id), "amount": 400})
    heard()
    stripe.sim("bounce", refund=made.id)
    heard()
    assert refunds(other) == [(FAILED, 400)]
    returning.approve(returning.ask(order.id, given.staff("treasury"), WHY), given.staff("approver"))
    heard()
    assert [refunds(each) for each in two] == [[(FAILED, 400)], [(SUCCEEDED, 1_000)]]
    assert states(two) == [OrderState.ISSUED, OrderState.REFUNDED]


def test_one_sale_is_completed_and_another_waits_to_be_cancelled(app: Flask, stripe: LocalStripe) -> None:
    place(given.an_account(), running := given.a_listing())
    cancelling.request(running, given.staff("drafter"), WHY)
    order = fresh(place(given.an_account(), given.a_listing(quantity=1)))
    assert cancelling.waiting(order.listing_id) is None
    db.session.rollback()
    ended.paid(order.id)
    settling.issue(order.id)
    keeping.drain()
    sales = sa.select(Listing.id, Listing.state).order_by(Listing.id)
    assert [tuple(row) for row in db.session.execute(sales)] == [
        (running, ListingState.OPEN),
        (order.listing_id, ListingState.COMPLETED),
    ]
