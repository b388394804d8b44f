"""A holder gives a right up for good: the town revokes its token. Nothing is paid back, and nothing brings it back."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Call, CallState
from marketplace.chain.sending import promise
from marketplace.holders.leaving import locked
from marketplace.holders.rules import NotYours
from marketplace.journal.writing import note
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Refused
from marketplace.tokens.binding import binds, check_free
from marketplace.tokens.models import Token, TokenState

ISSUER = "issuer"
WHY = "0x" + b"given up by its holder".hex().ljust(64, "0")
"""bytes32 in the contract's event: plain words, of nobody."""


class GivingUp(Refused):
    code = "giving_up"
    message = "手放す手続きをしています。"


def give_up(token_id: int, account_id: int) -> None:
    """Have the token revoked, once. NotYours, GivingUp the second time, or what binds it."""
    with transaction():
        token = locked(token_id)
        if token.holder_id != account_id or token.state != TokenState.HELD:
            raise NotYours
        check_free(token)
        note(token.subject, "give_up", by=f"buyer:{get(Account, account_id).code}")
        promise(_key(token), ISSUER, RIGHTS, "revoke", [token_id, WHY])


def held_for(account_id: int) -> list[Token]:
    """What lies in our custody for the account, or is on its way there."""
    theirs = sa.or_(
        Token.holder_id == account_id,
        sa.and_(Token.account_id == account_id, Token.state.in_((TokenState.PROMISED, TokenState.ISSUING))),
    )
    return list(db.session.scalars(sa.select(Token).where(theirs).order_by(Token.token_id)))


@binds("holders.giving_up")
def _giving_up(tokens: Collection[Token]) -> dict[int, Refused]:
    keys = {_key(token): token.token_id for token in tokens}
    asked = db.session.scalars(sa.select(Call.key).where(Call.key.in_(keys), Call.state != CallState.MINED))
    return {keys[key]: GivingUp() for key in asked}


def _key(token: Token) -> str:
    return f"give-up:{token.token_id}"
