"""What the resale office does on hearing from the chain, from the payer's bank, and of a revocation."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.kit.db import db, get, transaction
from marketplace.notices.sending import send
from marketplace.outbox.promising import handles
from marketplace.resale import offering, recording, wallet
from marketplace.settings import settings
from marketplace.tokens.models import Token


@handles("chain.touched")
def on_logs(token_ids: list[int], **_more: object) -> None:
    recording.recompute(token_ids)


@handles("chain.mined")
def on_mined(call_key: str, **_more: object) -> None:
    if settings().demo:
        wallet.next_step(call_key)


@handles("payment.disputed")
def on_objection(subject: str, **_more: object) -> None:
    kind, _, code = subject.partition(":")
    if kind == "order":
        offering.take_back_frozen(code)


@handles("token.revoking")
def on_revocation(order_code: str, **_more: object) -> None:
    offering.take_back_frozen(order_code)


@handles("resale.sold")
def on_sale(token_id: int, price_yen: int, royalty_yen: int, seller_id: int | None, tx_hash: str) -> None:
    """Tell a seller whose tokens the town keeps; others see it in their own wallet."""
    if seller_id is None:
        return
    with transaction():
        token = db.session.scalars(sa.select(Token).where(Token.token_id == token_id)).one()
        send(
            "resold",
            get(Account, seller_id).email,
            key=f"resold:{tx_hash}:{token_id}",
            token=token,
            right=token.right,
            price_yen=price_yen,
            royalty_yen=royalty_yen,
            link=f"{settings().base_url}/mypage/proceeds",
        )
