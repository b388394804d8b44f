"""What payments do when they hear of Stripe's news and of promises of their own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.kit.db import db, get, let_go
from marketplace.outbox.promising import handles
from marketplace.payments import balance, charging, disputing, holding, noticing, refunding, saving, squaring
from marketplace.payments.finding import payment_behind
from marketplace.payments.hearing import known_already
from marketplace.payments.models import SavedCard, Way
from marketplace.payments.stripe import till
from marketplace.payments.stripe_models import StripeEvent
from marketplace.payments.syncing import sync


@handles("refund.promised")
def on_refund(refund_id: int) -> None:
    refunding.send(refund_id)


@handles("payment.refund_failed")
def on_refund_that_failed(payment_id: int, **_more: object) -> None:
    """Stripe refuses what has gone back already: by hand, it may be."""
    noticing.look_again(payment_id)
    squaring.square(payment_id)


@handles("payment.not_refunded")
@handles("payment.disputed")
def on_money_that_went(payment_id: int, **_more: object) -> None:
    squaring.square(payment_id)


@handles("balance.moved", kind=balance.RETURNS)
def on_money_that_went_back(txn_id: str, payment_id: int | None = None, **_more: object) -> None:
    """Of what went back, or came back from a payer's bank, the balance tells also where no news arrived."""
    if payment_id is not None and not refunding.is_booked(txn_id):
        sync(payment_id)
        noticing.look_again(payment_id)


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


@handles("payment.succeeded", way=Way.CARD)
@handles("payment.failed", way=Way.CARD)
@handles("payment.expired", way=Way.CARD)
def on_end(payment_id: int, **_more: object) -> None:
    charging.settle(payment_id)


@handles("card.leaving")
def on_leaving(saved_id: int) -> None:
    saving.detach(saved_id)


@handles("stripe.event")
def on_event(event_id: str) -> None:
    """An event is a hint: the thing itself is looked at again. Events of other shops on the same account pass by."""
    event = get(StripeEvent, event_id)
    kind, about = event.kind, dict(event.about)
    known = known_already(kind, about)
    if known is not None and known.is_booked(about["payment_intent"]):
        return
    if kind.startswith("payout."):
        let_go()
        balance.keep_payout(till().transfer(about["id"]))
        return
    payment_id = payment_behind(about["reference"], about["payment_intent"])
    if payment_id is None:
        saved_id = _one(SavedCard.id, SavedCard.idempotency_key == about["reference"])
        if saved_id is not None:
            saving.sync_card(saved_id)
        return
    if kind.startswith("charge.dispute."):
        disputing.look(payment_id, about["id"])
    else:
        sync(payment_id)
        if kind.startswith(("refund.", "charge.refunded")):
            noticing.look_again(payment_id)


def _one(key: InstrumentedAttribute[int], condition: sa.ColumnElement[bool]) -> int | None:
    found = db.session.scalar(sa.select(key).where(condition))
    let_go()
    return found
