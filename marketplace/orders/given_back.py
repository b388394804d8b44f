"""An order in doubt whose money Stripe has in another sum than the town asked for: it went back at Stripe, by hand, or
its payer's bank took it.

The town has no such payment in its books, and so gives nothing back by itself. Stripe is asked whether all of it went
back, and only its answer ends the order.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.fund.assessing import drop
from marketplace.journal.writing import move
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.languages import _
from marketplace.kit.money import yen
from marketplace.kit.refusals import Refused, Unavailable, WrongState
from marketplace.listings.taking import give_back
from marketplace.orders import deposits, settling
from marketplace.orders.models import Order, OrderState
from marketplace.orders.unended import StripeIsAway
from marketplace.payments import asking
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.squaring import yen_gone
from marketplace.payments.stripe import till


class NotAllBack(Refused):
    code = "not_all_back"

    def __init__(self, came: int, back: int) -> None:
        found = _("決済会社では、払われた%(came)sのうち、返し終えたのは%(back)sです。", came=yen(came), back=yen(back))
        super().__init__(found + _("全額を返し終えてから、もう一度押してください。"))


def end(order_id: int, by: str, why: str) -> None:
    """All that came went back at Stripe: the order ends as one whose money was returned, and so does its deposit.

    NotAllBack, StripeIsAway; WrongState where nothing came in another sum.
    """
    order = get(Order, order_id)
    payment = _in_doubt(order)
    if payment is None or payment.payment_intent_id is None or order.state != OrderState.NEEDS_REVIEW:
        raise WrongState
    payment_id, intent, gone = payment.id, payment.payment_intent_id, yen_gone(payment.id)
    let_go()
    try:
        came = till().payment(intent).received_yen
        back = gone + sum(each.yen for each in till().sent_back(intent) if each.status == "succeeded")
    except Unavailable as trouble:
        raise StripeIsAway from trouble
    if back < came:
        raise NotAllBack(came, back)
    with transaction():
        order = lock(Order, order_id)
        if order.state != OrderState.NEEDS_REVIEW or asking.payments_of(order.subject)[1] is not None:
            raise WrongState
        order.paid_by_payment_id = payment_id  # whoever paid has not failed to
        drop(order.subject, why)
        give_back(order.unit_id)
        move(order, "refund", by=by, why=why)
        deposits.refund(order, why)
        if deposits.nothing_left(order):
            settling.end_of_refund(order)


def _in_doubt(order: Order) -> Payment | None:
    """What came in another sum; another page that was asked for since says nothing of it."""
    of_it = sa.select(Payment).where(Payment.subject == order.subject, Payment.state == PaymentState.NEEDS_REVIEW)
    return db.session.scalar(of_it.order_by(Payment.n.desc()).limit(1))
