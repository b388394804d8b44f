"""A token by its place on chain."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from marketplace.kit.db import db
from marketplace.tokens.models import Token


def token_at(contract: str, token_id: int) -> Token:
    """The token with its right, whatever the capitals of the contract's address. LookupError for none."""
    same = (Token.token_id == token_id, sa.func.lower(Token.contract) == contract.lower())
    row = None
    if token_id < 2**63:
        row = db.session.scalar(sa.select(Token).where(*same).options(joinedload(Token.right)))
    if row is None:
        raise LookupError(f"token {contract}/{token_id}")
    return row
