"""What somebody holds now, wherever it lies: in the town's custody, or in a wallet that they proved."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from marketplace.holders.models import Wallet
from marketplace.kit.db import db
from marketplace.tokens.models import Token, TokenState


def held_by(account_id: int) -> sa.ColumnElement[bool]:
    """What of the tokens is this person's."""
    wallets = sa.select(Wallet.address).where(Wallet.account_id == account_id)
    theirs = sa.or_(Token.holder_id == account_id, Token.holder_address.in_(wallets))
    return sa.and_(Token.state == TokenState.HELD, theirs)


def owned(account_id: int) -> list[Token]:
    """The tokens of one person, in the order of their numbers."""
    return list(db.session.scalars(sa.select(Token).where(held_by(account_id)).order_by(Token.token_id)))


def rights_of(account_id: int) -> set[int]:
    """The rights of which this person holds a token."""
    return {token.right_id for token in owned(account_id)}


def people_by_right(right_ids: Collection[int]) -> dict[int, set[int]]:
    """{right: the accounts that hold a token of it}, in one query; rights that nobody known holds are absent."""
    held = sa.and_(Token.state == TokenState.HELD, Token.right_id.in_(right_ids))
    kept = sa.select(Token.right_id, Token.holder_id).where(held, Token.holder_id.is_not(None))
    outside = sa.select(Token.right_id, Wallet.account_id).join(Wallet, Token.holder_address == Wallet.address)
    found: dict[int, set[int]] = {}
    for right_id, account_id in db.session.execute(kept.union(outside.where(held))):
        if account_id is not None:  # so says the query; its types do not
            found.setdefault(right_id, set()).add(account_id)
    return found


def people(right_ids: Collection[int] = ()) -> list[int]:
    """The accounts that hold a token of one of these rights (of any, where none is named), in order."""
    held = sa.and_(Token.state == TokenState.HELD, Token.right_id.in_(right_ids) if right_ids else sa.true())
    kept = sa.select(Token.holder_id).where(held, Token.holder_id.is_not(None))
    outside = sa.select(Wallet.account_id).join(Token, Token.holder_address == Wallet.address).where(held)
    return sorted({account_id for account_id in db.session.scalars(kept.union(outside)) if account_id is not None})
