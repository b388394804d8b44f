"""Where a right went after it had come to its buyer: the order is over then, and the right goes on without it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marketplace.holders.models import Wallet
from marketplace.kit.db import db
from marketplace.orders.models import Order, OrderState
from marketplace.resale.statements import Step, histories
from marketplace.tokens.models import Custody, Token

LEFT_JA = {
    "sale": "%(on)sに売れました",
    "transfer": "%(on)sにお渡しになりました",
    "revocation": "%(on)sに取り消されました",
}


@dataclass(frozen=True)
class Left:
    """When a right left its buyer, and how, in the words of the chain: sale, transfer (a gift, an exchange) or
    revocation. To whom is the new holder's own affair."""

    kind: str
    at: datetime
    path: str | None
    """The right's own page."""

    @property
    def ja(self) -> str:
        return LEFT_JA[self.kind]


def left(buyer_id: int, orders: Collection[Order]) -> dict[str, Left]:
    """{code: how its right left the buyer} of those orders of one buyer whose right came to them and is theirs no more:
    neither in the custody of the town nor in a wallet that they proved."""
    arrived = [order.code for order in orders if order.state == OrderState.ISSUED]
    if not arrived:
        return {}
    issued = sa.select(Token).where(Token.order_code.in_(arrived))
    revoked, elsewhere = Token.holder_address.is_(None), Token.holder_address.not_in(_own_addresses(buyer_id))
    away = db.session.scalars(issued.where(sa.or_(revoked, elsewhere))).all()
    if not away:
        return {}
    own = set(db.session.scalars(_own_addresses(buyer_id)))
    steps = histories([token.token_id for token in away])
    last = {token: _last_from(own, steps.get(token.token_id, [])) for token in away}
    return {token.order_code: Left(step.kind, step.at, token.path) for token, step in last.items() if step}


def _own_addresses(account_id: int) -> sa.CompoundSelect[str]:
    kept = sa.select(Custody.address).where(Custody.account_id == account_id)
    outside = sa.select(Wallet.address).where(Wallet.account_id == account_id)
    return kept.union(outside)


def _last_from(own: Collection[str], steps: Collection[Step]) -> Step | None:
    """The last step out of these hands; None where the chain has taken back what the order heard of."""
    return next((step for step in reversed([*steps]) if step.from_address in own), None)
