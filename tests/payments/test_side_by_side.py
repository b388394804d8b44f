"""Two payments at the same time: what is known, promised or objected to of one says nothing of the other."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.db import db, get, transaction
from marketplace.outbox import keeping
from marketplace.payments import disputing, holding, saving, squaring
from marketplace.payments.models import PaymentState
from marketplace.payments.reconciling import reconcile
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.refunding import claimed, pay_by_bank, promise_rest
from marketplace.payments.stripe import Objection
from tests.local_stripe import LocalStripe
from tests.payments.till import ask_card, held, paid, promised, seen, state

FAILED, SUCCEEDED = RefundState.FAILED, RefundState.SUCCEEDED


def heard() -> None:
    reconcile()
    keeping.drain()
    db.session.rollback()


def refunds(payment_id: int) -> list[tuple[RefundState, int]]:
    db.session.rollback()
    found = sa.select(Refund.state, Refund.yen).where(Refund.payment_id == payment_id).order_by(Refund.id)
    return [(state, yen) for state, yen in db.session.execute(found)]


def test_what_went_back_of_one_is_owed_of_the_other(app: Flask, stripe: LocalStripe) -> None:
    other, payment_id = paid(stripe, "test:1"), paid(stripe, "test:2")
    promised(other, 700, key="back:1")
    assert [claimed(each) for each in (other, payment_id)] == [700, 0]
    with transaction():
        promise_rest(payment_id, "中止のため", "rest:2")
    heard()
    assert [refunds(each) for each in (other, payment_id)] == [[(SUCCEEDED, 700)], [(SUCCEEDED, 1_000)]]
    assert [seen(each).refunded_yen for each in (other, payment_id)] == [700, 1_000]


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_of_one_ends_no_refund_of_the_other(app: Flask, stripe: LocalStripe, won: bool) -> None:
    other, payment_id = paid(stripe, "test:1"), paid(stripe, "test:2", card="pm_card_refundFail")
    promised(payment_id)
    heard()
    dispute = stripe.sim("dispute", payment_intent=seen(other).payment_intent_id)["id"]
    heard()
    stripe.sim("close_dispute", dispute=dispute, won=won)
    heard()
    squaring.square(payment_id)
    assert (refunds(payment_id), seen(payment_id).dispute) == ([(FAILED, 1_000)], None)
    failed = db.session.scalars(sa.select(Refund.id)).one()
    pay_by_bank(failed, "staff:ACC-TEST", "11月30日に振込")
    assert get(Refund, failed).state == RefundState.BY_BANK


def test_a_dispute_that_was_won_is_told_so_though_another_payment_was_lost(app: Flask, stripe: LocalStripe) -> None:
    other, payment_id = paid(stripe, "test:1"), paid(stripe, "test:2")
    for of, name, word in ((other, "dp_1", "lost"), (payment_id, "dp_2", "won")):
        disputing.keep(of, Objection(name, word, "general", 1_000, 0, None, seen(of).payment_intent_id or ""))
    assert [seen(each).dispute for each in (other, payment_id)] == ["lost", "won"]


def test_a_hold_that_is_renewed_lets_only_its_own_older_one_go(app: Flask, stripe: LocalStripe) -> None:
    other, older = held(stripe, "test:1"), held(stripe, "test:2", card="pm_card_amex")
    newer = held(stripe, "test:2")
    keeping.drain()
    assert [state(each) for each in (other, older, newer)] == [
        *(PaymentState.HELD, PaymentState.RELEASED, PaymentState.HELD),
    ]
    found = [holding.held(subject) for subject in ("test:1", "test:2", "test:3")]
    assert [each and each.id for each in found] == [other, newer, None]


def test_each_has_the_card_that_was_saved_for_it(app: Flask) -> None:
    saved = [ask_card(subject) for subject in ("test:1", "test:2")]
    found = [saving.saved_card(subject) for subject in ("test:1", "test:2", "test:3")]
    assert [each and each.id for each in found] == [*saved, None]
    assert ask_card("test:2") == saved[1]
