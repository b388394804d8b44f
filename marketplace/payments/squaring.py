"""A refund that the card did not take, and a dispute by which its payer's bank took the same yen: they are one. So is
one that somebody made by hand at Stripe.

No money moves here. The book has the lines as Stripe has them (fund/rules.py), and nothing of the refund.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, lock, transaction, writing
from marketplace.outbox.promising import say
from marketplace.payments.models import Payment
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.refunding import ANOTHER, promise_refund, taken
from marketplace.payments.stripe_models import GONE, Dispute

BY_DISPUTE = "the payer's bank has taken it"
WITHDRAWN = "the payer withdrew the dispute"


def square(payment_id: int) -> None:
    """End the failed refunds whose yen its payer has by disputes ⇢ payment.taken_back{payment_id, subject, refund_id},
    or by refunds that were made by hand.

    News of refunds and of disputes come in any order and more than once: whoever hears of either looks at what stands.
    Of a refund that is covered in part, the rest is asked of the card once more.
    """
    with transaction():
        payment = lock(Payment, payment_id)
        gone = yen_gone(payment_id)
        by_dispute = gone - _owe_again(payment_id, gone)
        by_hand = _yen_by_hand(payment_id)
        left = taken(payment) - payment.refunded_yen - gone
        for refund in _refunds(payment_id, RefundState.FAILED):
            covered = refund.yen - max(left, 0)
            if covered <= 0 or covered > by_dispute + by_hand:  # the town has it still, or nothing explains where it is
                left -= refund.yen
            elif covered <= by_dispute:
                by_dispute -= covered
                left -= refund.yen - covered
                _take_back(refund, covered)
            else:
                yen = min(covered, by_hand)  # what disputes took of the rest, Stripe will say when it is asked for that
                by_hand -= yen
                left -= refund.yen - yen
                _give_way(refund, yen, ANOTHER)


def yen_gone(payment_id: int) -> int:
    """What its payer's bank has taken of it for good."""
    total = sa.select(sa.func.sum(Dispute.yen)).where(Dispute.payment_id == payment_id, Dispute.status.in_(GONE))
    return db.session.scalar(total) or 0


def _yen_by_hand(payment_id: int) -> int:
    total = sa.select(sa.func.sum(Refund.yen)).where(Refund.payment_id == payment_id, Refund.by_hand)
    return db.session.scalar(total.where(Refund.state.in_((RefundState.SENT, RefundState.SUCCEEDED)))) or 0


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
    _give_way(refund, yen, BY_DISPUTE)
    same = {"payment_id": refund.payment_id, "reason": refund.reason, "purpose": refund.purpose, "created_at": now()}
    made = insert_once(Refund, {**same, "key": f"{refund.next_key}:dispute", "yen": yen, "state": RefundState.FAILED})
    assert made is not None  # the payment's lock has kept others out
    return get(Refund, made)


def _give_way(refund: Refund, yen: int, why: str) -> None:
    """Nothing is owed of the refund any more but what is left beside `yen`, which is promised anew."""
    move(refund, "refund.retry", why=why, refund=refund.id)
    if refund.yen > yen:
        promise_refund(refund.payment_id, refund.yen - yen, refund.reason, refund.next_key, refund.purpose)
