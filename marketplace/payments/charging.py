"""Charge a saved card, its owner away: once, and where the bank refuses, the owner pays by themselves.

https://docs.stripe.com/payments/save-and-reuse#charge-saved-payment-method
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction, writing
from marketplace.kit.refusals import Rejected
from marketplace.outbox.promising import say
from marketplace.payments import asking
from marketplace.payments.models import ASKED, PROCESSING, SUCCEEDED, CardState, Payment, PaymentState, SavedCard, Way
from marketplace.payments.saving import promise_detach
from marketplace.payments.stripe import Declined, till
from marketplace.payments.syncing import follow
from marketplace.payments.telling import tell

PATIENCE = timedelta(days=1)


def promise_charge(saved_id: int, subject: str, yen: int, description: str, key: str) -> int | None:
    """Inside a transaction: the card will be charged `yen` for `subject`, once for each `key`. The payment's id.

    None where there is no card to charge, or somebody is paying for the subject already.
    ⇢ payment.succeeded{payment_id, subject} as of every payment, or payment.failed and
    card.declined{saved_id, subject: the card's, code}; either way the card is detached afterwards.
    """
    assert writing(), "promise_charge() belongs inside transaction()"
    card = lock(SavedCard, saved_id)
    known = db.session.scalar(sa.select(Payment.id).where(Payment.idempotency_key == key))
    if known is not None:
        return known
    if card.state != CardState.SAVED or card.leaving or asking.open_payment(subject) is not None:
        return None
    page = asking.Page(subject, yen, description, card.email, "", "", now() + PATIENCE)
    params = {
        "amount": yen,
        "currency": "jpy",
        "customer": card.customer_id,
        "payment_method": card.method_id,
        "off_session": True,
        "confirm": True,
        "capture_method": "automatic",
        "allowed_payment_method_types": ["card"],
        "description": description,
        "metadata": {"reference": key, "purpose": "payment"},
    }
    payment_id, new = asking.write_down(page, asking.next_attempt(subject), key, Way.CARD, params, saved_id)
    if not new:
        return None
    move(card, "card.charge", payment=payment_id, yen=yen)
    say("charge.promised", key=str(payment_id), payment_id=payment_id)
    return payment_id


def charge(payment_id: int) -> PaymentState:
    """Ask Stripe for the money. Dying anywhere in here is harmless: the next try finds the charge. Unavailable."""
    with transaction():
        payment = lock(Payment, payment_id)
        if payment.state == ASKED:
            move(payment, "payment.process")
        if payment.state != PROCESSING:  # over, or called off by expiring.py
            return payment.state
        params, key = dict(payment.params), payment.idempotency_key
    done = till().charged(params["customer"], key)
    if done is None:
        try:
            done = till().charge(params, key)
        except Rejected as refusal:
            done = till().charged(params["customer"], key)
            if done is None:  # not even tried: the card or its owner are not at Stripe any more
                return _give_up(payment_id, refusal.code if isinstance(refusal, Declined) else "card_not_there")
    return follow(payment_id, done)


def _give_up(payment_id: int, code: str) -> PaymentState:
    with transaction():
        payment = lock(Payment, payment_id)
        if payment.state == PROCESSING:
            payment.refusal = code
            move(payment, "payment.fail", why=code)
            tell("payment.failed", payment)
        return payment.state


def settle(payment_id: int) -> None:
    """The charge is over: the card was used, was declined, or is as it was before ⇢ card.declined."""
    payment = get(Payment, payment_id)
    saved_id, state, code = payment.saved_card_id, payment.state, payment.refusal or "card_declined"
    if saved_id is None or state in (ASKED, PROCESSING):
        return
    with transaction():
        card = lock(SavedCard, saved_id)
        if card.state != CardState.CHARGING:
            return
        if state == PaymentState.EXPIRED:
            move(card, "card.spare", payment=payment_id)
            if card.leaving:
                say("card.leaving", key=f"{card.idempotency_key}:spared:{payment_id}", saved_id=card.id)
            return
        if state == SUCCEEDED:
            move(card, "card.use", payment=payment_id)
        else:
            move(card, "card.decline", why=code, payment=payment_id)
            say("card.declined", key=str(payment_id), saved_id=card.id, subject=card.subject, code=code)
        card.leaving = False
        promise_detach(saved_id, f"charged:{payment_id}")
