"""A refund that the card did not take, and a dispute by which its payer's bank took the same yen: they are one.

No money moves here. The book has the dispute's line as Stripe has it (fund/rules.py), and nothing of the refund.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, lock, transaction, writing
from marketplace.outbox.promising import say
from marketplace.payments.models import Payment, Refund, RefundState
from marketplace.payments.refunding import promise_refund, taken
from marketplace.payments.stripe_models import GONE, Dispute

BY_DISPUTE = "the payer's bank has taken it"
WITHDRAWN = "the payer withdrew the dispute"


def square(payment_id: int) -> None:
    """End the failed refunds whose yen its payer has by disputes ⇢ payment.taken_back{payment_id, subject, refund_id}.

    News of refunds and of disputes come in any order and more than once: whoever hears of either looks at what stands.
    Of a refund that a dispute covers in part, the rest is asked of the card once more.
    """
    with transaction():
        payment = lock(Payment, payment_id)
        gone = _yen_gone(payment_id)
        by_dispute = gone - _owe_again(payment_id, gone)
        left = taken(payment) - payment.refunded_yen - gone
        for refund in _refunds(payment_id, RefundState.FAILED):
            covered = refund.yen - max(left, 0)
            if covered <= 0 or covered > by_dispute:  # the town has it still, or no dispute explains where it is
                left -= refund.yen
                continue
            by_dispute -= covered
            left -= refund.yen - covered
            _take_back(refund, covered)


def _yen_gone(payment_id: int) -> int:
    total = sa.select(sa.func.sum(Dispute.yen)).where(Dispute.payment_id == payment_id, Dispute.status.in_(GONE))
    return db.session.scalar(total) or 0


def _owe_again(payment_id: int, gone: int) -> int:
    """Of refunds that ended by disputes as much as disputes still hold; what they hold more is owed again."""
    held = 0
    for refund in _refunds(payment_id, RefundState.BY_DISPUTE):
        if held + refund.yen > gone:
            move(refund, "refund.owe_again", why=WITHDRAWN, refund=refund.id)
        else:
            held += refund.yen
    return held


def _refunds(payment_id: int, state: RefundState) -> list[Refund]:
    found = sa.select(Refund.id).where(Refund.payment_id == payment_id, Refund.state == state).order_by(Refund.id)
    return [lock(Refund, refund_id) for refund_id in db.session.scalars(found).all()]


def _take_back(refund: Refund, yen: int) -> None:
    """`yen` of the refund are with its payer by a dispute."""
    assert writing(), "_take_back() belongs inside transaction()"
    ended = refund if yen == refund.yen else _part(refund, yen)
    move(ended, "refund.take_back", why=BY_DISPUTE, refund=ended.id)
    say(
        "payment.taken_back",
        key=str(ended.id),
        payment_id=ended.payment_id,
        subject=ended.subject,
        refund_id=ended.id,
    )


def _part(refund: Refund, yen: int) -> Refund:
    """The refund in two: `yen` of it, failed like the whole, and the rest, promised anew."""
    move(refund, "refund.retry", why=BY_DISPUTE, refund=refund.id)
    promise_refund(refund.payment_id, refund.yen - yen, refund.reason, refund.next_key, refund.purpose)
    same = {"payment_id": refund.payment_id, "reason": refund.reason, "purpose": refund.purpose, "created_at": now()}
    made = insert_once(Refund, {**same, "key": f"{refund.next_key}:dispute", "yen": yen, "state": RefundState.FAILED})
    assert made is not None  # the payment's lock has kept others out
    return get(Refund, made)
