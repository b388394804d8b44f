"""Have a use of a counted right written down on the chain, taken back, and read what is left."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.chain.contract import USES
from marketplace.chain.models import Log
from marketplace.chain.register import contracts
from marketplace.chain.sending import promise
from marketplace.kit.db import db, writing
from marketplace.kit.refusals import Refused
from marketplace.tokens.freezing import check_usable
from marketplace.tokens.models import Token

REDEEMER = "redeemer"


class NotCounted(Refused):
    code = "uses_not_counted"
    message = "この権利は、使える回数を数えません。"


class NothingLeft(Refused):
    code = "no_uses_left"
    message = "この権利は、使える回数をすべて使い終わっています。"


def write_down(token_id: int, redemption_id: str) -> None:
    """Have one use by the present holder written down, inside the caller's transaction. Asked again: nothing new.

    The contract has the last word: a use is refused there, and put before staff, if the right was sold meanwhile.

    Args:
        redemption_id: 32 random bytes in hex with 0x, kept beside the entry: it must say nothing about a person.

    Raises:
        NotCounted, NothingLeft, or what freezes it. LookupError for a token that nobody holds.
    """
    assert writing(), "write_down() belongs inside transaction()"
    token = db.session.scalar(sa.select(Token).where(Token.token_id == token_id))
    if token is None or (holder := token.holder_address) is None:
        raise LookupError(f"token {token_id}")
    check_usable(token)
    left = uses_left(token_id)
    if left is None:
        raise NotCounted
    if left <= 0:
        raise NothingLeft
    promise(f"use:{redemption_id}", REDEEMER, USES, "redeem", [token_id, redemption_id, holder])


def take_back(redemption_id: str) -> None:
    """Have a mistaken use taken back, inside the caller's transaction: the contract allows it for a day."""
    assert writing(), "take_back() belongs inside transaction()"
    promise(f"use:{redemption_id}:undo", REDEEMER, USES, "undo", [redemption_id])


def uses_of(token_id: int) -> list[Log]:
    """What the chain's register says of the token's uses, and of those taken back, in order."""
    ours = sa.select(Log).where(Log.address == contracts().get(USES), Log.token_id == token_id)
    return list(db.session.scalars(ours.order_by(Log.block_number, Log.log_index)))


def uses_left(token_id: int) -> int | None:
    """What the chain said last; all of them before the first use; None where uses are not counted."""
    token = db.session.scalars(sa.select(Token).where(Token.token_id == token_id)).one()
    latest = db.session.scalar(
        sa.select(Log.args)
        .where(Log.address == contracts().get(USES), Log.token_id == token_id)
        .order_by(Log.block_number.desc(), Log.log_index.desc())
        .limit(1)
    )
    return int(latest["left"]) if latest else token.right.uses_per_token
