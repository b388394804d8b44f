"""Give the money back after the token was issued: one person asks, another decides, and the right is not used again.

Between the asking and the decision the right is frozen already, else it would be used up meanwhile. Whoever got it from
the buyer in good faith keeps it: then nothing goes back this way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa

from marketplace.accounts.second_person import acting, check_other, reason
from marketplace.holders.freezing import with_payer, with_payers
from marketplace.holders.leaving import locked
from marketplace.holders.rules import RefundUnderWay
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.kit.refusals import Refused
from marketplace.orders.models import Order, OrderState, RefundRequest, RefundRequestState
from marketplace.orders.settling import give_back_price, refunded, send_to_buyer
from marketplace.payments.models import Payment
from marketplace.payments.stripe_models import Dispute
from marketplace.tokens.binding import bound_among
from marketplace.tokens.freezing import FROZEN, freezes
from marketplace.tokens.models import Token
from marketplace.tokens.revoking import revocable, revoke


class NotIssued(Refused):
    code = "not_issued"
    message = "権利の発行がすんだ注文だけが、2人の承認で返金できます。"


class PassedOn(Refused):
    code = "passed_on"
    message = "権利は、もう買った方の手元にありません。いまの持ち主から取り上げることになるため、返金できません。"


class NothingPaid(Refused):
    code = "nothing_paid"
    message = "この注文では、お金をいただいていません。"


class InDispute(Refused):
    code = "in_dispute"
    message = "カード会社から異議が出ているお支払いは、返金できません。「カードの異議」から答えてください。"


class TakenByDispute(InDispute):
    code = "taken_by_dispute"
    message = "この代金は、カード会社の異議によって、もう払った方に戻っています。町から返すものはありません。"


class AskedAlready(Refused):
    code = "refund_asked_already"
    message = "この注文の返金は、もう申し出が出ています。"


def obstacle(order: Order) -> Refused | None:
    """Why the money of an issued order can't go back, for a page that says so at once; or None."""
    return obstacles([order]).get(order.id)


def obstacles(orders: Collection[Order]) -> dict[int, Refused]:
    """{order: obstacle()} of those that have one, found in as many questions for a thousand of them as for one."""
    issued = sa.select(Token).where(Token.order_code.in_([order.code for order in orders]))
    tokens = {token.order_code: token for token in db.session.scalars(issued)}
    kept, bonds = with_payers(tokens.values()), bound_among(tokens.values(), but=FROZEN)
    paid = sa.select(Payment.subject, Dispute).join(Dispute, Dispute.payment_id == Payment.id)
    disputes = defaultdict[str, list[Dispute]](list)
    for subject, dispute in db.session.execute(paid.where(Payment.subject.in_([order.subject for order in orders]))):
        disputes[subject].append(dispute)

    def why(order: Order) -> Refused | None:
        if order.state != OrderState.ISSUED:
            return NotIssued()
        if order.paid_by_payment_id is None:
            return NothingPaid()
        token = tokens.get(order.code)
        if token is None or token.token_id not in kept:
            return PassedOn()
        if (bond := bonds.get(token.token_id)) is not None:  # on its way to somebody, or offered to all
            return bond
        if any(dispute.is_open for dispute in disputes[order.subject]):
            return InDispute()
        return TakenByDispute() if any(dispute.took for dispute in disputes[order.subject]) else None

    return {order.id: refusal for order in orders if (refusal := why(order)) is not None}


def ask(order_id: int, actor_id: int, why: str) -> int:
    """One person says why the money has to go back; the request's id. The refusals of obstacle(), AskedAlready."""
    words = reason(why)
    with transaction():
        order = lock(Order, order_id)
        _check(order)
        values = {"order_id": order_id, "state": RefundRequestState.ASKED, "why": words}
        made = insert_once(RefundRequest, values | {"asked_by": actor_id, "asked_at": now()})
        if made is None:
            raise AskedAlready
        note(order.subject, "refund.ask", by=acting(actor_id), why=words)
        return made


def approve(request_id: int, actor_id: int) -> None:
    """Another person decides: the money goes back, the right ends or stays frozen. As ask(), SamePerson, WrongState,
    OwnCase."""
    with transaction():
        order = lock(Order, get(RefundRequest, request_id).order_id)
        request = lock(RefundRequest, request_id)
        check_other(actor_id, order.buyer_id)
        request.decide(actor_id)
        by = acting(actor_id)
        move(request, "refund.approve", by=by)
        token = _check(order)
        move(order, "refund", by=by, why=request.why)
        give_back_price(order, request.why)
        if revocable(token):
            revoke(token.token_id, request.why, by)
        send_to_buyer("refund_after_issue", order)
        refunded(order.id, order.paid_by_payment_id)  # where all of it went back by hand before


def _check(order: Order) -> Token:
    """The order's token, held so that it leaves for nowhere meanwhile. Raises the obstacle."""
    token = token_of(order)
    held = locked(token.token_id) if token is not None else None
    if (refusal := obstacle(order)) is not None:
        raise refusal
    assert held is not None, "without a token there is an obstacle"
    return held


def withdraw(request_id: int, actor_id: int) -> None:
    """Nothing goes back, and the right can be used again. WrongState."""
    with transaction():
        lock(Order, get(RefundRequest, request_id).order_id)
        move(lock(RefundRequest, request_id), "refund.withdraw", by=acting(actor_id))


def waiting(order_id: int) -> RefundRequest | None:
    """The request that waits for a decision."""
    asked = RefundRequest.state == RefundRequestState.ASKED
    return db.session.scalar(sa.select(RefundRequest).where(RefundRequest.order_id == order_id, asked))


def token_of(order: Order) -> Token | None:
    return db.session.scalar(sa.select(Token).where(Token.order_code == order.code))


def _asked_back(order_codes: Collection[str]) -> set[str]:
    asked = sa.select(Order.code).join(RefundRequest, RefundRequest.order_id == Order.id)
    return set(
        db.session.scalars(asked.where(Order.code.in_(order_codes), RefundRequest.state == RefundRequestState.ASKED))
    )


@freezes("orders.refund", _asked_back)
def _asked(token: Token) -> Refused | None:
    return RefundUnderWay() if _asked_back([token.order_code]) and with_payer(token) else None
