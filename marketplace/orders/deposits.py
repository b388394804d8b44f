"""充当: the winner's deposit as a part of the price, where the listing says so.

The hold is taken at the award, so that it can't run out while the winner has time to pay; what was taken is in the
town's custody (fund/deposits.py) until the order says what becomes of it. News of the two, of the money that was taken
and of the order, come in any order and more than once: both end in look(), under the order's lock.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction, writing
from marketplace.kit.money import SMALLEST_CHARGE
from marketplace.kit.refusals import Refused
from marketplace.orders.models import DepositEnd, Order, OrderState
from marketplace.outbox.promising import say
from marketplace.payments import asking
from marketplace.payments.holding import promise_capture
from marketplace.payments.models import Hold, Payment, PaymentState
from marketplace.payments.refund_models import BACK, VOID, Refund, RefundState
from marketplace.payments.refunding import claimed, promise_rest
from marketplace.payments.rules import HoldEnded
from marketplace.payments.squaring import yen_gone

FOR_THE_PRICE = "落札の代金の一部にあてるため"
NOT_PAID = "落札の代金が期限までに支払われなかったため（地方自治法第234条第4項）"
NOT_COUNTED = "保証金を代金にあてなかったため"
WAIT = timedelta(minutes=10)
"""So long after the award nobody may pay the full price, since the deposit is just being taken."""


class BeingTaken(Refused):
    code = "deposit_being_taken"
    message = "保証金を代金の一部にあてる手続きをしています。1分ほど待って、もう一度お試しください。"


def take(payment_id: int, price_yen: int) -> int | None:
    """Inside a transaction: the hold will be taken whole for a price; its id.

    None where it stays as it is: its bank has ended it, or Stripe could not charge what would be left of the price.
    """
    assert writing(), "take() belongs inside transaction()"
    yen = get(Payment, payment_id).yen
    if price_yen - yen < SMALLEST_CHARGE:
        return None
    try:
        promise_capture(payment_id, yen, FOR_THE_PRICE, f"price:{payment_id}")
    except HoldEnded:
        return None
    return payment_id


def being_taken(order: Order) -> int:
    """Yen of the deposit that Stripe is about to take. 0: nothing, or not in WAIT, and the full price may be paid."""
    if order.deposit_payment_id is None or order.deposit_yen or order.deposit_end is not None:
        return 0
    payment = get(Payment, order.deposit_payment_id)
    due = payment.state in (PaymentState.HELD, PaymentState.CAPTURED) and now() < order.created_at + WAIT
    return payment.yen if due else 0


def of_payment(payment_id: int) -> int | None:
    """The order for whose price this hold was taken."""
    return db.session.scalar(sa.select(Order.id).where(Order.deposit_payment_id == payment_id))


def taken(order_id: int) -> None:
    """The money of the deposit has come, early or late."""
    with transaction():
        look(lock(Order, order_id))


def forfeit(order_id: int) -> None:
    """The winner has not paid: what was taken is the town's ⇢ deposit.forfeited."""
    _end(order_id, DepositEnd.FORFEITED)


def give_back(order_id: int) -> None:
    """The sale was cancelled: what was taken goes back."""
    _end(order_id, DepositEnd.RETURNED)


def _end(order_id: int, end: DepositEnd) -> None:
    with transaction():
        order = lock(Order, order_id)
        if order.deposit_payment_id is not None and order.deposit_end is None:
            order.deposit_end = end
            look(order)


def look(order: Order) -> None:
    """Inside a transaction that holds the order: count, apply, keep or give back what was taken. Twice is nothing.

    It counts while nothing is paid and no page asks for the full price. ⇢ deposit.applied, deposit.forfeited.
    """
    assert writing(), "look() belongs inside transaction()"
    if order.deposit_payment_id is None:
        return
    payment, hold = lock(Payment, order.deposit_payment_id), lock(Hold, order.deposit_payment_id)
    yen = hold.captured_yen or 0
    if payment.state != PaymentState.CAPTURED or not yen:
        return
    if order.deposit_end is None:
        _decide(order, yen)
    if order.deposit_end is None:
        return
    if order.deposit_end == DepositEnd.RETURNED:
        order.deposit_yen = 0
        promise_rest(payment.id, NOT_COUNTED, key=f"{order.code}:deposit")
        return
    applied = order.deposit_end == DepositEnd.APPLIED
    topic, why = ("deposit.applied", FOR_THE_PRICE) if applied else ("deposit.forfeited", NOT_PAID)
    say(topic, key=str(payment.id), payment_id=payment.id, subject=payment.subject, yen=yen, why=why)


def _decide(order: Order, yen: int) -> None:
    match order.state:
        case OrderState.AWAITING_PAYMENT if not order.deposit_yen and not _asked_in_full(order):
            order.deposit_yen = yen
            note(order.subject, "deposit.count", yen=yen, rest=order.rest_yen)
        case OrderState.PAID | OrderState.ISSUED:
            order.deposit_end = DepositEnd.APPLIED if order.deposit_yen else DepositEnd.RETURNED
        case OrderState.REFUND_PENDING | OrderState.REFUNDED:
            order.deposit_end = DepositEnd.RETURNED


def _asked_in_full(order: Order) -> bool:
    return asking.payments_of(order.subject) != (None, None)


def refund(order: Order, why: str) -> None:
    """Inside a transaction that holds the order: the money of the order goes back, and so does the deposit."""
    look(order)
    if order.deposit_yen and order.deposit_payment_id is not None:
        key = f"{order.code}:deposit"  # no deposit any more, but a part of the price
        promise_rest(order.deposit_payment_id, why, key=key, purpose="payment")


def gone_back(*orders: Order) -> int:
    """Yen of their prices that went back or are on their way, whoever began it."""
    parts = [order.paid_by_payment_id for order in orders]
    parts += [order.deposit_payment_id for order in orders if order.deposit_yen]
    return claimed(*(each for each in parts if each is not None))


def all_back(order: Order) -> bool:
    """Whether every part of the price that is to go back has gone back."""
    begun = sa.select(Refund.id).where(Refund.payment_id.in_(_parts(order)))
    return db.session.scalar(begun.limit(1)) is not None and nothing_left(order)


def nothing_left(order: Order) -> bool:
    """Whether no part of the price is to go back, or on its way, any more."""
    states = set(db.session.scalars(sa.select(Refund.state).where(Refund.payment_id.in_(_parts(order)))))
    return states - set(VOID) <= set(BACK)


def taken_back(order: Order) -> int:
    """Yen of it that the payer's bank has taken in a dispute, and the town does not pay besides; of a payment that is
    in doubt the town itself owes nothing (given_back.py)."""
    total = sa.select(sa.func.sum(Refund.yen)).where(Refund.payment_id.in_(_parts(order)))
    yen = db.session.scalar(total.where(Refund.state == RefundState.BY_DISPUTE)) or 0
    paid = get(Payment, order.paid_by_payment_id) if order.paid_by_payment_id is not None else None
    return yen + (yen_gone(paid.id) if paid is not None and paid.state == PaymentState.NEEDS_REVIEW else 0)


def _parts(order: Order) -> list[int]:
    return [each for each in (order.paid_by_payment_id, order.deposit_payment_id) if each is not None]
