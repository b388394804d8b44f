"""A payment in dispute, or one that goes back, freezes the right, as long as whoever paid still has it; and so does a
revocation that the chain has not heard of, whoever has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import sqlalchemy as sa

from marketplace.chain.models import Call
from marketplace.holders.models import Wallet
from marketplace.holders.rules import Disputed, DisputeLost, Refunded, RefundUnderWay, RevocationUnderWay
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.refund_models import BACK, VOID, Refund
from marketplace.payments.stripe_models import GONE, KEPT
from marketplace.tokens.freezing import freezes
from marketplace.tokens.models import Token
from marketplace.tokens.revoking import call_key, revocable

ORDER = "order:"
"""How the subject of a payment for an order begins."""


def with_payer(token: Token) -> bool:
    """Whether whoever it was issued for still has it: in our custody, or in a wallet that they proved to be theirs."""
    return token.token_id in with_payers([token])


def with_payers(tokens: Collection[Token]) -> set[int]:
    """The numbers of those of which with_payer() is true."""
    inside = {token for token in tokens if token.holder_id is not None or token.holder_address is None}
    outside = [(token.account_id, token.holder_address) for token in tokens if token not in inside]
    own = sa.select(Wallet.account_id, Wallet.address)
    own = own.where(sa.tuple_(Wallet.account_id, Wallet.address).in_(outside))
    proven = {(account_id, address) for account_id, address in db.session.execute(own)} if outside else set()
    return {
        token.token_id
        for token in tokens
        if (
            token.account_id == token.holder_id
            if token in inside
            else (token.account_id, token.holder_address) in proven
        )
    }


def doubted(order_codes: Collection[str]) -> set[str]:
    """Those of which a payment was objected to, or goes back."""
    subjects = [f"{ORDER}{code}" for code in order_codes]
    doubt = Payment.dispute.is_not(None) | sa.exists().where(Refund.payment_id == Payment.id)
    found = db.session.scalars(sa.select(Payment.subject).where(Payment.subject.in_(subjects), doubt))
    return {subject.removeprefix(ORDER) for subject in found if subject is not None}


@freezes("holders.payment", doubted)
def payment(token: Token) -> Refused | None:
    """An objection that is open or took the money, and every refund of the whole, also one that the card did not take:
    it is owed still. Of two payments for one order the other may go back. Somebody who got it in good faith is not
    asked."""
    of_order = Payment.subject == f"{ORDER}{token.order_code}"
    found = sa.select(Payment.id, Payment.yen, Payment.state, Payment.dispute).where(of_order)
    payments = db.session.execute(found).all()
    backs = sa.select(Refund.payment_id, Refund.state, Refund.yen).join(Payment)
    returned = db.session.execute(backs.where(of_order, Refund.state.not_in(VOID))).all()
    objections = {id_: dispute for id_, _yen, _state, dispute in payments if dispute not in (None, *KEPT)}
    back = Counter[int]()
    for each in returned:
        back[each.payment_id] += each.yen
    whole = {id_ for id_, yen, _state, _dispute in payments if back[id_] >= yen}
    doubts = objections.keys() | whole
    stands = any(state == PaymentState.SUCCEEDED and id_ not in doubts for id_, _yen, state, _dispute in payments)
    if not doubts or stands or not with_payer(token):
        return None
    if objections:
        return DisputeLost() if set(objections.values()) <= set(GONE) else Disputed()
    return Refunded() if {each.state for each in returned} <= set(BACK) else RefundUnderWay()


def _to_be_revoked(order_codes: Collection[str]) -> set[str]:
    decided = sa.select(Token.order_code).join(Call, Call.key == call_key(Token.token_id))
    return set(db.session.scalars(decided.where(Token.order_code.in_(order_codes))))


@freezes("holders.revocation", _to_be_revoked)
def _revocation(token: Token) -> Refused | None:
    """The chain may be away for hours after the decision, and whoever got the right meanwhile would lose it."""
    return RevocationUnderWay() if revocable(token) and _to_be_revoked([token.order_code]) else None
