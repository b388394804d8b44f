"""What the fund books when it hears of money."""

from __future__ import annotations

from datetime import UTC, datetime

from marketplace.fund import deposits
from marketplace.fund.posting import post
from marketplace.fund.rules import stripe_lines
from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.kit.refusals import Unavailable
from marketplace.outbox.promising import handles
from marketplace.payments.models import Refund
from marketplace.payments.syncing import booked


@handles("payment.succeeded")
def on_payment(payment_id: int, subject: str) -> None:
    payment = booked(payment_id)
    assert payment.balance_txn_id is not None
    lines = stripe_lines("charge", payment.yen, payment.fee_yen or 0)
    post(payment.balance_txn_id, "charge", lines, at=payment.paid_at or now(), subject=subject)


@handles("payment.refunded")
def on_refund(refund_id: int, subject: str, **_more: object) -> None:
    refund = get(Refund, refund_id)
    if refund.balance_txn_id is None:
        raise Unavailable(f"refund {refund_id} has no balance transaction yet")
    lines = stripe_lines("refund", -refund.yen, 0, refund.purpose)
    post(refund.balance_txn_id, "refund", lines, at=now(), subject=subject)


@handles("hold.captured")
def on_capture(payment_id: int, **_more: object) -> None:
    deposits.take_in(payment_id)


@handles("deposit.forfeited")
def on_forfeiture(payment_id: int, yen: int, why: str, **_more: object) -> None:
    deposits.forfeit(payment_id, yen, why)


@handles("deposit.applied")
def on_application(payment_id: int, yen: int, why: str, **_more: object) -> None:
    deposits.apply(payment_id, yen, why)


@handles("balance.moved")
def on_balance(
    txn_id: str, kind: str, gross: int, fee: int, at: int, purpose: str | None = None, **_more: object
) -> None:
    """Everything else that moved Stripe's balance, and again what those above have booked: once for each txn."""
    if lines := stripe_lines(kind, gross, fee, purpose or "payment"):
        post(txn_id, kind, lines, at=datetime.fromtimestamp(at, UTC))
