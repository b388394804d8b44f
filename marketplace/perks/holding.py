"""Who may use the perks of a token: its holder by what the chain said, now or at a moment in the past."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.holders.models import Wallet
from marketplace.holders.owned import held_by
from marketplace.kit.db import db, writing
from marketplace.perks.refusals import NotHeld
from marketplace.tokens.models import Token, TokenState, Transfer


def held_token(token_id: int, *, or_revoked: bool = False) -> Token:
    """The token, locked, so that it does not change hands before this transaction ends. NotHeld, LookupError."""
    assert writing(), "held_token() belongs inside transaction()"
    query = sa.select(Token).where(Token.token_id == token_id).with_for_update(of=Token)
    token = db.session.scalar(query.execution_options(populate_existing=True))
    if token is None:
        raise LookupError(f"token {token_id}")
    wanted = (TokenState.HELD, TokenState.REVOKED) if or_revoked else (TokenState.HELD,)
    if token.state not in wanted or token.minted_at is None:
        raise NotHeld
    return token


def token_of(token_id: int) -> Token:
    """LookupError for none."""
    token = db.session.scalar(sa.select(Token).where(Token.token_id == token_id)) if token_id < 2**63 else None
    if token is None:
        raise LookupError(f"token {token_id}")
    return token


def holder_at(token_id: int, at: datetime) -> str | None:
    """Whose it was at that moment; None before its issue."""
    last = (
        sa.select(Transfer.to_address)
        .where(Transfer.token_id == token_id, Transfer.at <= at)
        .order_by(Transfer.block_number.desc(), Transfer.log_index.desc())
        .limit(1)
    )
    return db.session.scalar(last)


def holds(account_id: int, token: Token) -> bool:
    """Is it this person's: in the town's custody, or in a wallet that they proved?"""
    if token.state != TokenState.HELD:
        return False
    return token.holder_id == account_id or _owns_wallet(account_id, token.holder_address)


def with_perks(account_id: int) -> list[Token]:
    """What the person holds, in custody or in a wallet of their own, that has perks to use."""
    held = sa.select(Token).where(held_by(account_id)).order_by(Token.minted_at.desc(), Token.id)
    return [token for token in db.session.scalars(held) if token.right.perk_plans]


def first_holder(token: Token) -> bool:
    """Does the person for whom it was issued hold it?"""
    return holds(token.account_id, token)


def _owns_wallet(account_id: int, address: str | None) -> bool:
    own = sa.select(Wallet.id).where(Wallet.account_id == account_id, Wallet.address == address)
    return db.session.scalar(own) is not None
