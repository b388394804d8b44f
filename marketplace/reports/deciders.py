"""Who decided that money goes back: one person before a right is issued, two afterwards, nobody where a rule did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.names import names_of
from marketplace.journal.models import Entry
from marketplace.journal.words import actor_in_words
from marketplace.journal.writing import SYSTEM
from marketplace.kit.db import db
from marketplace.orders.models import Order, RefundRequest, RefundRequestState
from marketplace.payments.refund_models import Refund

AT_STRIPE = "決済会社の管理画面"


def deciders(refunds: Sequence[Refund], orders: Mapping[str, Order]) -> dict[int, str]:
    """{refund: names of who asked and who approved, or of who decided}; `orders` by the subjects of the payments."""
    subjects = {order.subject for order in orders.values()}
    moved = sa.select(Entry.subject, Entry.by).where(Entry.event == "refund", Entry.subject.in_(subjects))
    decided = dict(db.session.execute(moved).all())
    asked = sa.select(RefundRequest.order_id, Account.code).join(Account, Account.id == RefundRequest.asked_by)
    asked = asked.where(RefundRequest.state == RefundRequestState.APPROVED)
    asked = asked.where(RefundRequest.order_id.in_([order.id for order in orders.values()]))
    askers = {order_id: f"staff:{code}" for order_id, code in db.session.execute(asked)}
    names = names_of({*decided.values(), *askers.values()})

    def who(refund: Refund) -> str:
        if refund.by_hand:
            return AT_STRIPE
        order = orders.get(refund.payment.subject)
        if order is None or refund.payment_id not in (order.paid_by_payment_id, order.deposit_payment_id):
            return actor_in_words(SYSTEM)
        found = [each for each in (askers.get(order.id), decided.get(order.subject)) if each]
        return "、".join(names.get(each, actor_in_words(each)) for each in found)

    return {refund.id: who(refund) for refund in refunds}
