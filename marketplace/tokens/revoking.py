"""End a right on the chain, where its series said in advance that this can be."""

from __future__ import annotations

import hashlib

from marketplace.chain.contract import RIGHTS
from marketplace.chain.sending import promise
from marketplace.journal.writing import note
from marketplace.kit.db import writing
from marketplace.rights.models import Kind
from marketplace.tokens.issuing import ISSUER
from marketplace.tokens.models import Token, TokenState


def revocable(token: Token) -> bool:
    """As the terms of its series say, see issuing.series_terms()."""
    return token.right.kind == Kind.NAMING and token.state == TokenState.HELD


def revoke(token: Token, why: str, by: str) -> bool:
    """Inside a transaction: the right will end on the chain, once. False where its series does not allow that.

    What is hashed for the chain names the token's random reference only: no person, no order, no reason.
    """
    assert writing(), "revoke() belongs inside transaction()"
    if not revocable(token):
        return False
    said = "0x" + hashlib.sha256(f"revoked {token.ref}".encode()).hexdigest()
    note(token.subject, "revoke_token", by=by, why=why)
    promise(f"revoke:{token.token_id}", ISSUER, RIGHTS, "revoke", [token.token_id, said])
    return True
