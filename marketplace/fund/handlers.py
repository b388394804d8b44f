"""What the fund books when it hears of money."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from marketplace.fund import assessing, deposits
from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.fund.posting import post
from marketplace.fund.rules import DISPUTE, OF_PAYERS, Lines, bank_refund_lines, dispute_lines, stripe_lines
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.outbox.promising import handles
from marketplace.payments.balance import RETURNS
from marketplace.payments.models import Payment, Way
from marketplace.payments.refund_models import Refund
from marketplace.payments.stripe_models import BalanceLine
from marketplace.payments.syncing import booked

INCOMES = ("charge", "payment")


@handles("payment.succeeded")
def on_payment(payment_id: int, subject: str, **_more: object) -> None:
    payment = booked(payment_id)
    assert payment.balance_txn_id is not None
    lines = stripe_lines("charge", payment.yen, payment.fee_yen or 0)
    _book(payment.balance_txn_id, "charge", lines, payment.booked_at or now(), subject)


@handles("payment.refunded")
def on_refund(refund_id: int, subject: str, *, by_bank: bool = False, **_more: object) -> None:
    refund = get(Refund, refund_id)
    if by_bank:
        lines = bank_refund_lines(refund.yen, refund.purpose)
        _book(f"bank_refund:{refund_id}", "bank_refund", lines, now(), subject)
        return
    if refund.balance_txn_id is None:
        raise Unavailable(f"refund {refund_id} has no balance transaction yet")
    key, yen, at, purpose = refund.balance_txn_id, refund.yen, refund.booked_at or now(), refund.purpose
    by_hand, stripe_id = refund.by_hand, refund.stripe_id
    if by_hand:
        purpose = _purpose_by_hand(refund.payment, -yen, stripe_id)
    _book(key, "refund", stripe_lines("refund", -yen, 0, purpose), at, subject)
    if by_hand:
        with transaction():
            lock(Refund, refund_id).purpose = purpose  # a return invoice, and another try, go by it


@handles("payment.not_refunded")
def on_refund_that_was_none(refund_id: int, subject: str, **_more: object) -> None:
    """The town's bank has not paid after all: the same, backwards."""
    refund = get(Refund, refund_id)
    lines = bank_refund_lines(-refund.yen, refund.purpose)
    _book(f"bank_refund_undone:{refund_id}", "bank_refund", lines, now(), subject)


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
    txn_id: str,
    kind: str,
    gross: int,
    fee: int,
    at: int,
    purpose: str | None = None,
    payment_id: int | None = None,
    source: str | None = None,
    **_more: object,
) -> None:
    """Everything else that moved Stripe's balance, and again what those above have booked: once for each txn."""
    payment = get(Payment, payment_id) if payment_id is not None else None
    subject, moment = payment.subject if payment else "", datetime.fromtimestamp(at, UTC)
    if payment and payment.way == Way.HOLD and kind == DISPUTE:
        _book_disputed_deposit(txn_id, payment.id, gross, fee, moment)
        return
    if payment and purpose is None and kind in RETURNS:
        purpose = _purpose_by_hand(payment, gross, source)
    if lines := stripe_lines(kind, gross, fee, purpose or "payment", known=payment is not None):
        _book(txn_id, kind, lines, moment, subject)


def _purpose_by_hand(payment: Payment, gross: int, source: str | None) -> str:
    """Whoever gives money back in Stripe's dashboard writes nothing on it: a deposit is one as long as it is there.
    What was booked of the same refund says it for all that follows."""
    if payment.way != Way.HOLD:
        return "payment"
    payment_id, subject = payment.id, payment.subject
    if (known := _booked_of(payment_id, source)) is not None:
        return "deposit" if known else "payment"
    deposits.take_in(payment_id)
    return "deposit" if deposits.in_custody(subject) >= abs(gross) else "payment"


def _booked_of(payment_id: int, source: str | None) -> bool | None:
    """Whether the refund went out of custody; None as long as it is not in the book."""
    of_it = sa.select(BalanceLine.id).where(BalanceLine.payment_id == payment_id, BalanceLine.source == source)
    keys = of_it.union(sa.select(Refund.balance_txn_id).where(Refund.stripe_id == source))
    lines = sa.select(PostingLine.account).join(Posting, Posting.id == PostingLine.posting_id)
    accounts = set(db.session.scalars(lines.where(Posting.key.in_(keys))))
    return Account.DEPOSITS in accounts if accounts else None


def _book_disputed_deposit(key: str, payment_id: int, gross: int, fee: int, at: datetime) -> None:
    deposits.take_in(payment_id)
    with transaction():
        lines = dispute_lines(gross, fee, deposits.disputed(payment_id, gross))
        _book(key, DISPUTE, lines, at, get(Payment, payment_id).subject)


def _book(key: str, kind: str, lines: Lines, at: datetime, subject: str) -> None:
    """In the fiscal year that the income, or what goes back of it, belongs to."""
    with transaction():
        if kind in INCOMES:
            year = assessing.year_of(subject, at)
        elif kind in OF_PAYERS | {"bank_refund"}:
            year = assessing.year_of_refund(subject, at)
        else:
            year = None
        post(key, kind, lines, at=at, subject=subject, year=year)
