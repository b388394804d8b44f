"""Give money back: promised in a transaction, done by the worker, once whatever happens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction, writing
from marketplace.kit.refusals import Refused, Rejected, WrongState
from marketplace.outbox.promising import say
from marketplace.payments.disputing import ASKING, CardClosed, DisputedNow, TakenBack
from marketplace.payments.models import Hold, Payment, PaymentState, Way
from marketplace.payments.refund_models import VOID, Refund, RefundState
from marketplace.payments.rules import RefundTooLarge
from marketplace.payments.stripe import SentBack, till
from marketplace.payments.stripe_models import KEPT, Dispute

ANOTHER = "another refund took its place"
_NOT_BY_HAND_AFTER_ALL = sa.and_(Refund.by_hand, Refund.state == RefundState.FAILED)


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
    if payment.refunded_yen + yen > taken(payment):
        raise RefundTooLarge
    payment.refunded_yen += yen
    values = {"payment_id": payment_id, "key": key, "yen": yen, "reason": reason, "created_at": now()}
    values["purpose"] = purpose or ("deposit" if payment.way == Way.HOLD else "payment")
    refund_id = insert_once(Refund, {**values, "state": RefundState.PROMISED})
    assert refund_id is not None  # the payment's lock has kept others out
    note(payment.subject, "refund.promise", why=reason, refund=refund_id, yen=yen)
    say("refund.promised", key=str(refund_id), refund_id=refund_id)
    return refund_id


def promise_rest(payment_id: int, reason: str, key: str, purpose: str | None = None) -> None:
    """The same of all that the payment brought, but for what went back, or is owed, already: by hand at Stripe, it may
    be. Nothing where nothing is left."""
    payment = lock(Payment, payment_id)
    if db.session.scalar(sa.select(Refund.id).where(Refund.key == key)) is not None:
        return
    by_hand = sa.select(Refund.id).where(Refund.payment_id == payment_id, _NOT_BY_HAND_AFTER_ALL)
    for refund_id in db.session.scalars(by_hand.order_by(Refund.id)).all():
        move(lock(Refund, refund_id), "refund.retry", why=ANOTHER, refund=refund_id)
    left = taken(payment) - claimed(payment_id)
    if left > 0:
        promise_refund(payment_id, left, reason, key, purpose)


def taken(payment: Payment) -> int:
    """What came of the payment, in yen."""
    if payment.state == PaymentState.CAPTURED:
        return get(Hold, payment.id).captured_yen or 0
    return payment.yen if payment.state == PaymentState.SUCCEEDED else 0


def claimed(*payment_ids: int) -> int:
    """Yen of these payments that went back, are on their way back or are owed, whoever began it. What somebody gave
    back by hand and came to nothing is owed by nobody until the town decides so."""
    total = sa.select(sa.func.sum(Refund.yen)).where(Refund.payment_id.in_(payment_ids), Refund.state.not_in(VOID))
    return db.session.scalar(total.where(~_NOT_BY_HAND_AFTER_ALL)) or 0


def send(refund_id: int) -> RefundState:
    """Ask Stripe for the refund. Dying anywhere in here is harmless: the next try finds the refund by its key.

    Unavailable.
    """
    refund = get(Refund, refund_id)
    key, yen, intent, state = refund.key, refund.yen, refund.payment.payment_intent_id, refund.state
    purpose = refund.purpose
    let_go()
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
    return follow(refund_id, done)


def retry(refund_id: int, by: str, why: str) -> int:
    """Try a refund that failed once more, under a key of its own; the new refund's id. WrongState, RefundTooLarge,
    CardClosed."""
    with transaction():
        refund = _locked(refund_id)
        if refund.state == RefundState.FAILED and (closed := card_closed(refund)) is not None:
            raise closed
        move(refund, "refund.retry", by=by, why=why, refund=refund_id)
        return promise_refund(refund.payment_id, refund.yen, refund.reason, refund.next_key, refund.purpose)


def pay_by_bank(refund_id: int, by: str, why: str) -> None:
    """The town's bank has paid what Stripe could not ⇢ payment.refunded. WrongState, RefundTooLarge, or the refusals of
    twice_by_bank()."""
    with transaction():
        refund = _locked(refund_id)
        if refund.state == RefundState.FAILED and (twice := twice_by_bank(refund)) is not None:
            raise twice
        move(refund, "refund.pay_by_bank", by=by, why=why, refund=refund_id)
        if refund.payment.refunded_yen + refund.yen > taken(refund.payment):
            raise RefundTooLarge
        refund.payment.refunded_yen += refund.yen
        _say("payment.refunded", refund, by_bank=True)


def not_paid_by_bank(refund_id: int, by: str, why: str) -> int:
    """It was recorded by mistake, and the payer has nothing: it is owed again, as another refund; that one's id
    ⇢ payment.not_refunded. WrongState."""
    with transaction():
        refund = _locked(refund_id)
        move(refund, "refund.not_paid", by=by, why=why, refund=refund_id)
        refund.payment.refunded_yen -= refund.yen
        same = {name: getattr(refund, name) for name in ("payment_id", "yen", "reason", "purpose")}
        more = {"key": refund.next_key, "state": RefundState.FAILED, "created_at": now()}
        owed = insert_once(Refund, same | more)
        assert owed is not None  # the payment's lock has kept others out
        _say("payment.not_refunded", refund)
        return owed


def let_be(refund_id: int, by: str, why: str) -> None:
    """Inside a transaction: one that was made by hand at Stripe and came to nothing stays that. WrongState."""
    refund = _locked(refund_id)
    if not refund.by_hand:
        raise WrongState
    move(refund, "refund.let_be", by=by, why=why, refund=refund_id)


def card_closed(refund: Refund) -> Refused | None:
    """CardClosed while a dispute of the payment has taken money and is not decided: Stripe would refuse the refund. A
    bank that only asks (warning_…) closes nothing. https://docs.stripe.com/disputes/how-disputes-work
    """
    disputes = db.session.scalars(sa.select(Dispute).where(Dispute.payment_id == refund.payment_id))
    took = [dispute for dispute in disputes if dispute.is_open and not dispute.status.startswith(ASKING)]
    return CardClosed() if took else None


def twice_by_bank(refund: Refund) -> Refused | None:
    """DisputedNow or TakenBack, where what the payer's bank takes back leaves less of the payment than the refund: the
    town's bank would pay it a second time. Else None."""
    objected = sa.select(Dispute).where(Dispute.payment_id == refund.payment_id, Dispute.status.not_in(KEPT))
    disputes = list(db.session.scalars(objected))
    left = taken(refund.payment) - refund.payment.refunded_yen - sum(dispute.yen for dispute in disputes)
    if not disputes or refund.yen <= left:
        return None
    return DisputedNow() if any(dispute.is_open for dispute in disputes) else TakenBack()


def is_booked(txn_id: str) -> bool:
    """Whether it is the line of a refund that we know."""
    known = db.session.scalar(sa.select(Refund.id).where(Refund.balance_txn_id == txn_id)) is not None
    let_go()
    return known


def follow(refund_id: int, seen: SentBack) -> RefundState:
    """Let the refund be where Stripe has it ⇢ payment.refunded, payment.refund_failed."""
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
        _fill_in(refund, seen)
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
            _fill_in(refund, seen)
        if refund.MOVES.allows(refund.state, "refund.fail"):
            refund.payment.refunded_yen -= refund.yen
            move(refund, "refund.fail", why=why, refund=refund_id)
            _say("payment.refund_failed", refund)


def _fill_in(refund: Refund, seen: SentBack) -> None:
    refund.stripe_id = seen.id
    if seen.transaction is not None and refund.balance_txn_id is None:
        refund.balance_txn_id = seen.transaction.id
        refund.booked_at = datetime.fromtimestamp(seen.transaction.at, UTC)


def _locked(refund_id: int) -> Refund:
    """The refund, its payment locked before it: the order in which promise_refund() takes them."""
    lock(Payment, get(Refund, refund_id).payment_id)
    return lock(Refund, refund_id)


def _say(topic: str, refund: Refund, **more: Any) -> None:
    """Once for each end: what has succeeded may come back, and the town's bank pays it then."""
    say(
        topic,
        key=f"{refund.id}:{refund.state}",
        payment_id=refund.payment_id,
        subject=refund.payment.subject,
        refund_id=refund.id,
        **more,
    )
