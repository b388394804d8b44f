"""What every way out of our custody has in common: the token's row held, its rule asked, the custodian's move."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Call, CallState
from marketplace.chain.sending import promise
from marketplace.holders.models import Gift, GiftState, Withdrawal, WithdrawalState
from marketplace.holders.rules import GiftUnderWay, WithdrawalUnderWay, check_leaving
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, writing
from marketplace.kit.refusals import Refused
from marketplace.tokens.binding import binds, check_free
from marketplace.tokens.models import Token

CUSTODIAN = "custodian"
GIFT, WITHDRAWAL = "holders.gift", "holders.withdrawal"
_GIFT_OPEN = Gift.state.in_((GiftState.OFFERED, GiftState.ACCEPTED))
_WITHDRAWAL_OPEN = Withdrawal.state.in_((WithdrawalState.COOLING, WithdrawalState.MOVING))


def locked(token_id: int) -> Token:
    """The token's row, fresh and held until the transaction ends. LookupError for none."""
    assert writing(), "locked() belongs inside transaction()"
    row = sa.select(Token).where(Token.token_id == token_id).with_for_update(of=Token)
    token = db.session.scalar(row.execution_options(populate_existing=True))
    if token is None:
        raise LookupError(f"token {token_id}")
    return token


def check(token: Token, account_id: int, *, but: str = "") -> None:
    """Whether the account may move the token now: a refusal of rules.py, or that of what binds it."""
    check_leaving(
        holds=token.holder_id == account_id,
        state=token.state,
        transferable=token.right.transferable,
        tradable_from=token.right.tradable_from,
        at=now(),
    )
    check_free(token, but=but)


def may_leave(token_id: int, account_id: int, *, but: str = "") -> Token:
    """The token, held until the transaction ends, once check() lets it pass."""
    token = locked(token_id)
    check(token, account_id, but=but)
    return token


def obstacle(token: Token, account_id: int, *, but: str = "") -> Refused | None:
    """What check() refuses, for a page that says so before anything is typed."""
    try:
        check(token, account_id, but=but)
    except Refused as refusal:
        return refusal
    return None


def move_out(key: str, account_id: int, to: str, token_id: int) -> None:
    """Have the custodian move a token out of an account's custody, once for `key`."""
    custody = "0x" + get(Account, account_id).custody_id
    promise(key, CUSTODIAN, RIGHTS, "custodyTransfer", [custody, to, token_id])


def open_gift(token_id: int) -> Gift | None:
    return db.session.scalar(sa.select(Gift).where(Gift.token_id == token_id, _GIFT_OPEN))


def open_withdrawal(token_id: int) -> Withdrawal | None:
    return db.session.scalar(sa.select(Withdrawal).where(Withdrawal.token_id == token_id, _WITHDRAWAL_OPEN))


@binds(GIFT)
def _gift(tokens: Collection[Token]) -> dict[int, Refused]:
    return dict.fromkeys(_under_way(Gift, _GIFT_OPEN, tokens), GiftUnderWay())


@binds(WITHDRAWAL)
def _withdrawal(tokens: Collection[Token]) -> dict[int, Refused]:
    return dict.fromkeys(_under_way(Withdrawal, _WITHDRAWAL_OPEN, tokens), WithdrawalUnderWay())


def _under_way(
    kind: type[Gift] | type[Withdrawal], is_open: sa.ColumnElement[bool], tokens: Collection[Token]
) -> set[int]:
    """Those with an open one, and those that the chain was asked to move and has not: also after it took back that it
    had."""
    prefix = "gift:" if kind is Gift else "withdrawal:"
    of_these = kind.token_id.in_([token.token_id for token in tokens])
    asked = sa.select(kind.token_id).join(Call, Call.key == prefix + kind.code)
    on_its_way = asked.where(of_these, Call.state != CallState.MINED, kind.state != "void")
    return {*db.session.scalars(sa.select(kind.token_id).where(of_these, is_open)), *db.session.scalars(on_its_way)}
