"""A payment in dispute, or one that goes back, freezes the right, as long as whoever paid still has it."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.holders.models import Wallet
from marketplace.holders.rules import Disputed, RefundUnderWay
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.payments.models import Payment
from marketplace.tokens.freezing import freezes
from marketplace.tokens.models import Token

THAWING = ("won", "warning_closed", "prevented")
"""How a dispute ends that leaves the money with the town; of one that was lost the right stays frozen."""


def with_payer(token: Token) -> bool:
    """Whether whoever it was issued for still has it: in our custody, or in a wallet that they proved to be theirs."""
    if token.holder_id is not None or token.holder_address is None:
        return token.holder_id == token.account_id
    own = sa.select(Wallet.id).where(Wallet.account_id == token.account_id, Wallet.address == token.holder_address)
    return db.session.scalar(own.limit(1)) is not None


@freezes("holders.payment")
def payment(token: Token) -> Refused | None:
    """An objection that is open or was lost, and every refund. Somebody who got it in good faith is not asked."""
    paid = sa.select(Payment.dispute, Payment.refunded_yen).where(Payment.subject == f"order:{token.order_code}")
    payments = db.session.execute(paid).all()
    objected = any(dispute not in (None, *THAWING) for dispute, _back in payments)
    returned = any(back for _dispute, back in payments)
    if not (objected or returned) or not with_payer(token):
        return None
    return Disputed() if objected else RefundUnderWay()
