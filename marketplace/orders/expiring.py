"""End a hold: Stripe is asked first, so that nobody can pay for a unit that went to another."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.fund.assessing import drop
from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import NotAllowed, Rejected, Unavailable, WrongState
from marketplace.kit.sheets import sheet
from marketplace.listings.taking import give_back
from marketplace.orders import settling
from marketplace.orders.models import Order, OrderState, Origin
from marketplace.orders.settling import tell
from marketplace.payments import asking
from marketplace.payments import expiring as payments

log = logging.getLogger(__name__)
GRACE = timedelta(seconds=5)
"""The buyer's last second is the buyer's."""
AGAIN = timedelta(minutes=10)
_put_off: dict[str, datetime] = {}
"""{code of an order that Stripe refuses to end: when this process asks again}."""


@sheet(every=1, name="orders.expire_unpaid", asks="stripe")
def expire_unpaid() -> None:
    """End every hold whose time has passed. One of whose page Stripe knows nothing, for instance because it was another
    account's, keeps its unit and nobody else waiting."""
    at = now()
    over = (Order.state == OrderState.AWAITING_PAYMENT, Order.pay_by < at - GRACE)
    later = [code for code, again_at in _put_off.items() if at < again_at]
    due = sa.select(Order.id, Order.code).where(*over, Order.code.not_in(later)).order_by(Order.pay_by).limit(100)
    found = list(db.session.execute(due))
    let_go()
    for order_id, code in found:
        try:
            end(order_id)
        except Unavailable as trouble:
            log.warning("order %s is not expired yet: %s", order_id, trouble)
            return  # Stripe is away: nothing is released, and the next turn tries again
        except Rejected as refusal:
            let_go()
            _put_off[code] = at + AGAIN
            log.error("order %s cannot be ended: %s", order_id, refusal)


def end(order_id: int, why: str = "not paid in time") -> None:
    """End one hold. Where a payment page is open it is closed first; what Stripe then says decides."""
    order = get(Order, order_id)
    payment = asking.open_payment(order.subject)
    payment_id = payment.id if payment else None
    let_go()
    if payment_id is not None:
        payments.expire(payment_id)  # ⇢ payment.expired or payment.succeeded, heard by handlers.py
        return
    settling.expire_if_unpaid(order_id, why)


class BidBinds(NotAllowed):
    code = "bid_binds"
    message = "入札は取り消せません。お支払いがむずかしいときは、役場にご相談ください。"


def cancel(order_id: int) -> None:
    """The buyer gives an unpaid order up. WrongState once anything has been paid, BidBinds after an auction.

    Stripe is away, or refuses: Unavailable, and the order stays as it is.
    """
    order = get(Order, order_id)
    if order.origin == Origin.AUCTION:
        raise BidBinds
    payment = asking.open_payment(order.subject)
    payment_id = payment.id if payment else None
    let_go()
    if payment_id is not None:
        try:
            payments.expire(payment_id)
        except Rejected as refusal:  # expire_unpaid() has it before the town
            raise Unavailable(str(refusal)) from refusal
    with transaction():
        order = lock(Order, order_id)
        if asking.payments_of(order.subject) != (None, None):
            raise WrongState
        if order.state != OrderState.AWAITING_PAYMENT:
            return
        move(order, "cancel", by=f"buyer:{get(Account, order.buyer_id).code}")
        drop(order.subject, "given up by the buyer")
        give_back(order.unit_id)
        tell("order.expired", order)
