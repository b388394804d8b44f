"""Money that did not move as it should stands on today's sheet."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.dates import when
from marketplace.kit.db import db, get
from marketplace.orders import settling
from marketplace.orders.models import Order
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.models import Payment
from marketplace.payments.reconciling import reconcile
from marketplace.payments.stripe_models import Dispute
from marketplace.payments.syncing import sync
from marketplace.settings import Settings
from marketplace.staff import money_tasks
from tests import given
from tests.local_stripe import LocalStripe


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


def a_paid_order(stripe: LocalStripe, card: str) -> Order:
    order_id = place(given.an_account(), given.a_listing(price_yen=1_000))
    stripe.pay(checkout(order_id), card=card)
    payment = asking.open_payment(get(Order, order_id).subject)
    assert payment is not None
    sync(payment.id)
    keeping.drain()
    return get(Order, order_id)


def told() -> list[tuple[str, str]]:
    db.session.rollback()
    return [(task.badge, task.more) for task in (*money_tasks.not_given_back(), *money_tasks.disputed())]


def test_a_refund_that_the_card_refuses_is_for_people(app: Flask, stripe: LocalStripe) -> None:
    order = a_paid_order(stripe, "pm_card_refundFail")
    settling.refund(order.id, "staff:ACC-TEST", "品切れのため")
    keeping.drain()
    reconcile()
    keeping.drain()
    assert told() == [("返金できません", f"注文 {order.code}")]


def test_a_dispute_is_for_people_until_it_is_decided(app: Flask, stripe: LocalStripe) -> None:
    order = a_paid_order(stripe, "pm_card_createDispute")
    reconcile()
    keeping.drain()
    due = db.session.scalars(sa.select(Dispute.due_by)).one()
    assert due is not None
    assert told() == [("異議", f"注文 {order.code}　答える期限 {when(due)}")]
    payment = db.session.scalars(sa.select(Payment)).one()
    dispute = stripe.client().disputes.list({"payment_intent": payment.payment_intent_id or ""}).data[0]
    stripe.sim("close_dispute", dispute=dispute.id, won=True)
    reconcile()
    keeping.drain()
    assert told() == []
