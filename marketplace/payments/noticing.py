"""Look at the refunds that Stripe has: what became of ours, and those that somebody made there by hand.

The town gives back whole payments, by its own rules. Whoever gives a part of one back, or settles a matter with a payer
on the telephone, does so in Stripe's dashboard, and so may another program with the town's key. Such a refund is
written down like one of ours, so that the same yen are not given back a second time; whether the right ends with it is
for two persons to say, and the desk asks for a reason (fund/differences.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.payments.models import Payment, Way
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.refunding import follow, taken
from marketplace.payments.squaring import square
from marketplace.payments.stripe import SentBack, till

BY_HAND = "given back by hand at Stripe"
CAME_TO_NOTHING = ("failed", "canceled")


def look_again(payment_id: int) -> None:
    """Compare every refund of the payment with Stripe: some succeed days later, some come back, some are not ours.

    Unavailable.
    """
    intent = get(Payment, payment_id).payment_intent_id
    let_go()
    for each in till().sent_back(intent) if intent else []:
        refund_id = db.session.scalar(sa.select(Refund.id).where(_is(each)).order_by(Refund.id))
        let_go()
        if refund_id is not None:
            follow(refund_id, each)
        elif each.status not in CAME_TO_NOTHING:
            _write_down(payment_id, each)


def _is(seen: SentBack) -> sa.ColumnElement[bool]:
    return sa.or_(Refund.stripe_id == seen.id, sa.and_(Refund.stripe_id.is_(None), Refund.key == seen.key))


def _write_down(payment_id: int, seen: SentBack) -> None:
    """Once. Not while a refund of ours claims the same yen: Stripe refuses that one, and then they are free."""
    with transaction():
        payment = lock(Payment, payment_id)
        if payment.refunded_yen + seen.yen > taken(payment):
            return
        values = {"payment_id": payment_id, "key": f"stripe:{seen.id}", "yen": seen.yen, "reason": BY_HAND}
        values |= {"state": RefundState.PROMISED, "created_at": datetime.fromtimestamp(seen.at, UTC), "by_hand": True}
        values["purpose"] = "deposit" if payment.way == Way.HOLD else "payment"
        refund_id = insert_once(Refund, values)
        if refund_id is None:
            return
        payment.refunded_yen += seen.yen
        note(payment.subject, "refund.notice", why=BY_HAND, refund=refund_id, yen=seen.yen)
        follow(refund_id, seen)
        square(payment_id)
