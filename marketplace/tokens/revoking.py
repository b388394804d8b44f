"""End a right on the chain, where its series said in advance that this can be."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy import orm

from marketplace.chain.contract import RIGHTS
from marketplace.chain.sending import promise
from marketplace.journal.writing import note
from marketplace.kit.db import db, writing
from marketplace.kit.refusals import Refused
from marketplace.outbox.promising import say
from marketplace.rights.models import Kind
from marketplace.tokens.issuing import ISSUER
from marketplace.tokens.models import Token, TokenState


class NotRevocable(Refused):
    code = "not_revocable"
    message = "この権利は、取り消せないものとして発行されています。"


def revocable(token: Token) -> bool:
    """As the terms of its series say, see issuing.series_terms()."""
    return token.right.kind == Kind.NAMING and token.state == TokenState.HELD


def revoke(token_id: int, why: str, by: str, *, reason_hash: str | None = None) -> None:
    """Have the token revoked, inside the caller's transaction ⇢ token.revoking. Asked again, or revoked already:
    nothing new.

    Args:
        reason_hash: 32 bytes in hex with 0x that stand for a written decision: salted, so that they say nothing.
            Without, they stand for the token's random reference only: no person, no order, no reason.

    Raises:
        NotRevocable, LookupError for a token that was never promised.
    """
    assert writing(), "revoke() belongs inside transaction()"
    token = db.session.scalar(sa.select(Token).where(Token.token_id == token_id))
    if token is None:
        raise LookupError(f"token {token_id}")
    if token.right.kind != Kind.NAMING:
        raise NotRevocable
    if token.state == TokenState.REVOKED:
        return
    said = reason_hash or "0x" + hashlib.sha256(f"revoked {token.ref}".encode()).hexdigest()
    note(token.subject, "revoke_token", by=by, why=why)
    promise(f"revoke:{token_id}", ISSUER, RIGHTS, "revoke", [token_id, said])
    say("token.revoking", key=str(token_id), token_id=token_id, order_code=token.order_code)


def call_key(token_id: orm.InstrumentedAttribute[int]) -> sa.ColumnElement[str]:
    """Under which revoke() promised it, for a query."""
    return sa.literal("revoke:") + sa.cast(token_id, sa.String)
