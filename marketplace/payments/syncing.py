"""Look at Stripe again, and let the payment follow what is there.

Webhook, success page, expiry and reconciler all end here. Whatever they knew, the session is read anew, and the table
of moves lets an older look change nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marketplace.journal.writing import move
from marketplace.kit.db import get, let_go, lock, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.outbox.promising import say
from marketplace.payments import asking
from marketplace.payments.models import Ending, Hold, Payment, PaymentState, Way
from marketplace.payments.rules import hold_meaning, meaning
from marketplace.payments.stripe import Session, till
from marketplace.payments.telling import tell

FACTS = {
    "payment.succeed": "payment.succeeded",
    "payment.process": "payment.processing",
    "payment.expire": "payment.expired",
    "payment.fail": "payment.failed",
    "payment.question": "payment.needs_review",
    "payment.hold": "hold.placed",
    "payment.release": "hold.released",
    "payment.capture": "hold.captured",
    "payment.lose": "hold.lost",
}


def sync(payment_id: int) -> PaymentState:
    """The payment's state after looking at Stripe ⇢ payment.succeeded, .processing, .expired, .failed, .needs_review.

    Of a hold also ⇢ hold.placed, .released, .captured, .lost. Unavailable where Stripe is away.
    """
    payment = get(Payment, payment_id)
    session_id, key, made, state = payment.session_id, payment.idempotency_key, payment.created_at, payment.state
    way, customer_id, intent = payment.way, payment.params.get("customer", ""), payment.payment_intent_id
    let_go()
    if way == Way.CARD:
        charge = till().payment(intent) if intent else till().charged(customer_id, key)
        return state if charge is None else follow(payment_id, charge)
    if session_id is None:
        found = till().session_of(key, int(made.timestamp()))
        if found is None:
            return state
        asking.remember(payment_id, found)
        session_id = found.id
    return follow(payment_id, till().session(session_id))


def follow(payment_id: int, session: Session) -> PaymentState:
    """Move the payment to where `session` is, if it is not further already ⇢ of what succeeded also its `yen`."""
    with transaction():
        payment = lock(Payment, payment_id)
        hold = lock(Hold, payment_id) if payment.way == Way.HOLD else None
        if hold is None:
            event = meaning(session, payment.yen)
        else:
            event = hold_meaning(session, payment.yen, releasing=hold.ending == Ending.RELEASE)
        _fill_in(payment, session)
        more = _fill_in_hold(hold, session) if hold is not None else {"payment.succeed": {"yen": payment.yen}}
        if payment.MOVES.allows(payment.state, event):
            why = f"{session.yen} {session.currency}" if event == "payment.question" else ""
            move(payment, event, why=why, session=session.id, intent=session.intent_id)
            if event in FACTS:
                tell(FACTS[event], payment, **more.get(event, {}))
            if hold is not None and event == "payment.hold" and hold.ending is not None:
                say("hold.decided", key=f"{payment.id}:held", payment_id=payment.id)
        return payment.state


def _fill_in_hold(hold: Hold, session: Session) -> dict[str, dict[str, Any]]:
    """What the facts of a hold tell besides."""
    if session.capture_before is not None:
        hold.capture_before = datetime.fromtimestamp(session.capture_before, UTC)
    if session.intent_status == "succeeded":
        hold.captured_yen = session.received_yen
    return {
        "payment.hold": {"capture_before": session.capture_before},
        "payment.capture": {"yen": session.received_yen},
    }


def _fill_in(payment: Payment, session: Session) -> None:
    payment.payment_intent_id = payment.payment_intent_id or session.intent_id
    payment.refusal = session.refusal
    if session.transaction is not None and payment.balance_txn_id is None:
        payment.balance_txn_id, payment.fee_yen = session.transaction.id, session.transaction.fee
        payment.booked_at = datetime.fromtimestamp(session.transaction.at, UTC)


def booked(payment_id: int) -> Payment:
    """The payment with Stripe's balance transaction on it. Unavailable where Stripe has not booked it yet."""
    payment = get(Payment, payment_id)
    if payment.balance_txn_id is None:
        let_go()
        sync(payment_id)
        payment = get(Payment, payment_id)
        if payment.balance_txn_id is None:
            raise Unavailable(f"payment {payment_id} has no balance transaction yet")
    return payment
