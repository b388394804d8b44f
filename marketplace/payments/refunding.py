"""Give money back: promised in a transaction, done by the worker, once whatever happens."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, lock, transaction, writing
from marketplace.kit.refusals import Rejected
from marketplace.outbox.promising import say
from marketplace.payments.models import Hold, Payment, PaymentState, Refund, RefundState, Way
from marketplace.payments.rules import RefundTooLarge
from marketplace.payments.stripe import SentBack, till


def promise_refund(payment_id: int, yen: int, reason: str, key: str, purpose: str | None = None) -> int:
    """Inside a transaction: `yen` of the payment will go back, once for each `key`. The refund's id. RefundTooLarge.

    `purpose` is what the fund books it as, see Refund; None: as what it came.
    ⇢ payment.refunded{payment_id, subject, refund_id} when Stripe has done it.
    """
    assert writing(), "promise_refund() belongs inside transaction()"
    payment = lock(Payment, payment_id)
    known = db.session.scalar(sa.select(Refund.id).where(Refund.key == key))
    if known is not None:
        return known
    if payment.refunded_yen + yen > _taken(payment):
        raise RefundTooLarge
    payment.refunded_yen += yen
    values = {"payment_id": payment_id, "key": key, "yen": yen, "reason": reason, "created_at": now()}
    values["purpose"] = purpose or ("deposit" if payment.way == Way.HOLD else "payment")
    refund_id = insert_once(Refund, {**values, "state": RefundState.PROMISED})
    assert refund_id is not None  # the payment's lock has kept others out
    note(payment.subject, "refund.promise", why=reason, refund=refund_id, yen=yen)
    say("refund.promised", key=str(refund_id), refund_id=refund_id)
    return refund_id


def _taken(payment: Payment) -> int:
    """What came of the payment, in yen."""
    if payment.state == PaymentState.CAPTURED:
        return get(Hold, payment.id).captured_yen or 0
    return payment.yen if payment.state == PaymentState.SUCCEEDED else 0


def send(refund_id: int) -> RefundState:
    """Ask Stripe for the refund. Dying anywhere in here is harmless: the next try finds the refund by its key.

    Unavailable.
    """
    refund = get(Refund, refund_id)
    key, yen, intent, state = refund.key, refund.yen, refund.payment.payment_intent_id, refund.state
    purpose = refund.purpose
    db.session.rollback()
    if state != RefundState.PROMISED:
        return state
    assert intent is not None
    done = next((each for each in till().sent_back(intent) if each.key == key), None)
    if done is None:
        try:
            done = till().send_back(intent, yen, key, purpose)
        except Rejected as refusal:  # disputed, or given back by hand in Stripe's dashboard: staff must look
            _fail(refund_id, str(refusal))
            return RefundState.FAILED
    return _follow(refund_id, done)


def look_again(payment_id: int) -> None:
    """Compare every refund of the payment with Stripe: some succeed days later, some come back. Unavailable."""
    intent = get(Payment, payment_id).payment_intent_id
    db.session.rollback()
    for each in till().sent_back(intent) if intent else []:
        refund_id = db.session.scalar(sa.select(Refund.id).where(Refund.key == each.key))
        db.session.rollback()
        if refund_id is not None:
            _follow(refund_id, each)


def _follow(refund_id: int, seen: SentBack) -> RefundState:
    event = {
        "succeeded": "refund.succeed",
        "failed": "refund.fail",
        "canceled": "refund.fail",
    }.get(seen.status, "refund.send")
    if event == "refund.fail":
        _fail(refund_id, seen.status, seen)
        return RefundState.FAILED
    with transaction():
        refund = _locked(refund_id)
        refund.stripe_id, refund.balance_txn_id = seen.id, refund.balance_txn_id or seen.transaction_id
        if refund.MOVES.allows(refund.state, event):
            move(refund, event, refund=refund_id)
            if event == "refund.succeed":
                _say("payment.refunded", refund)
        return refund.state


def _fail(refund_id: int, why: str, seen: SentBack | None = None) -> None:
    """The money stays with, or is back with, the town ⇢ payment.refund_failed."""
    with transaction():
        refund = _locked(refund_id)
        if seen is not None:
            refund.stripe_id, refund.balance_txn_id = seen.id, refund.balance_txn_id or seen.transaction_id
        if refund.MOVES.allows(refund.state, "refund.fail"):
            refund.payment.refunded_yen -= refund.yen
            move(refund, "refund.fail", why=why, refund=refund_id)
            _say("payment.refund_failed", refund)


def _locked(refund_id: int) -> Refund:
    """The refund, its payment locked before it: the order in which promise_refund() takes them."""
    lock(Payment, get(Refund, refund_id).payment_id)
    return lock(Refund, refund_id)


def _say(topic: str, refund: Refund) -> None:
    say(topic, key=str(refund.id), payment_id=refund.payment_id, subject=refund.payment.subject, refund_id=refund.id)
