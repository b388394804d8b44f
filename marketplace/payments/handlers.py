"""What payments do when they hear of Stripe's news and of promises of their own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.journal.writing import note
from marketplace.kit.db import db, get, lock, transaction
from marketplace.outbox.promising import handles, say
from marketplace.payments import charging, holding, refunding, saving
from marketplace.payments.models import Payment, SavedCard, StripeEvent, Way
from marketplace.payments.stripe import till
from marketplace.payments.syncing import sync


@handles("refund.promised")
def on_refund(refund_id: int) -> None:
    refunding.send(refund_id)


@handles("hold.decided")
def on_decision(payment_id: int) -> None:
    holding.carry_out(payment_id)


@handles("hold.placed")
def on_hold(payment_id: int, subject: str, **_more: object) -> None:
    """The subject's older hold has been renewed by this one."""
    holding.let_older_go(payment_id, subject)


@handles("charge.promised")
def on_charge(payment_id: int) -> None:
    charging.charge(payment_id)


@handles("payment.succeeded")
@handles("payment.failed")
@handles("payment.expired")
def on_end(payment_id: int, subject: str) -> None:
    if get(Payment, payment_id).way == Way.CARD:
        charging.settle(payment_id)


@handles("card.leaving")
def on_leaving(saved_id: int) -> None:
    saving.detach(saved_id)


@handles("stripe.event")
def on_event(event_id: str) -> None:
    """An event is a hint: the thing itself is looked at again. Events of other shops on the same account pass by."""
    event = get(StripeEvent, event_id)
    kind, about = event.kind, dict(event.about)
    payment_id = _payment_of(about)
    if payment_id is None:
        saved_id = _one(SavedCard.id, SavedCard.idempotency_key == about["reference"])
        if saved_id is not None:
            saving.sync_card(saved_id)
        return
    if kind.startswith("charge.dispute."):
        _on_dispute(payment_id, about["id"])
    else:
        sync(payment_id)
        if kind.startswith(("refund.", "charge.refunded")):
            refunding.look_again(payment_id)


def _payment_of(about: dict[str, Any]) -> int | None:
    """By our reference, by the intent we know, else by the session that Stripe knows for the intent."""
    reference, intent = about["reference"], about["payment_intent"]
    found = _one(Payment.id, Payment.idempotency_key == reference) if reference else None
    if found is None and intent is not None:
        found = _one(Payment.id, Payment.payment_intent_id == intent)
        if found is None and reference is None and (reference := till().reference_of(intent)) is not None:
            found = _one(Payment.id, Payment.idempotency_key == reference)
    return found


def _one(key: InstrumentedAttribute[int], condition: sa.ColumnElement[bool]) -> int | None:
    found = db.session.scalar(sa.select(key).where(condition))
    db.session.rollback()
    return found


def _on_dispute(payment_id: int, dispute_id: str) -> None:
    """Keep what the dispute has come to ⇢ payment.disputed{payment_id, subject, dispute_id, status}, once for each."""
    status, _intent = till().dispute(dispute_id)
    with transaction():
        payment = lock(Payment, payment_id)
        if payment.dispute in (status, "won", "lost"):  # known, or an older look than the last word
            return
        payment.dispute = status
        note(payment.subject, "payment.dispute", why=status, dispute=dispute_id)
        say(
            "payment.disputed",
            key=f"{dispute_id}:{status}",
            payment_id=payment_id,
            subject=payment.subject,
            dispute_id=dispute_id,
            status=status,
        )
