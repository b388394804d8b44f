"""Promise a token to the buyer of a paid order, and have it issued once its metadata is kept safely."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from marketplace.chain.contract import RIGHTS
from marketplace.chain.register import contracts
from marketplace.chain.sending import promise
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction, writing
from marketplace.kit.refusals import Refused
from marketplace.kit.sheets import sheet
from marketplace.metadata.replicating import ready
from marketplace.rights.models import Kind, Right
from marketplace.tokens.custody import custody_of
from marketplace.tokens.models import Token, TokenState, subject_of
from marketplace.tokens.pointing import as_it_is, promise_freeze
from marketplace.tokens.rules import term_ends

ISSUER = "issuer"
AT_ONCE = 500
"""Tokens in one turn of the clock, each in a transaction of its own."""


class AlreadyPromised(Refused):
    code = "token_already_promised"
    message = "この番号の権利は、別のご注文にお渡しする約束になっています。"


class OnItsWay(Refused):
    code = "token_on_its_way"
    message = "この権利は、すでに発行の手続きに入っています。"


def promise_token(
    right_id: int, serial: int, listing_code: str, order_code: str, account_id: int, max_supply: int
) -> int:
    """Promise unit `serial` of a right for an order, inside the caller's transaction; the token's id on chain.

    Asked again for the same order and unit, it changes nothing. AlreadyPromised where the unit belongs to another
    order, or the order to another unit.

    Args:
        max_supply: how many tokens of the right there can ever be; fixed on chain by its first token.
    """
    assert writing(), "promise_token() belongs inside transaction()"
    right = get(Right, right_id)
    wanted = {"right_id": right_id, "serial": serial, "order_code": order_code, "account_id": account_id}
    token_id = right.token_id(serial)
    more = {"listing_code": listing_code, "max_supply": max_supply, "promised_at": now()}
    made = insert_once(Token, {**wanted, **more, "token_id": token_id, "state": TokenState.PROMISED})
    if made is None:
        found = db.session.scalar(sa.select(Token).where(Token.token_id == token_id))
        if found is None or any(getattr(found, name) != value for name, value in wanted.items()):
            raise AlreadyPromised
        return token_id
    note(subject_of(token_id), "promise", order=order_code, listing=listing_code)
    if may_issue(right):
        _issue(get(Token, made))
    return token_id


def take_back(order_code: str) -> None:
    """Forget the promise made to an order, inside the caller's transaction, so that its unit can be sold again.

    OnItsWay once the chain was asked: what was asked may be mined at any moment.
    """
    assert writing(), "take_back() belongs inside transaction()"
    row = sa.select(Token).where(Token.order_code == order_code).with_for_update(of=Token)
    token = db.session.scalar(row.execution_options(populate_existing=True))
    if token is None:
        return
    if token.state != TokenState.PROMISED:
        raise OnItsWay
    note(token.subject, "take_back", order=order_code)
    db.session.delete(token)
    db.session.flush()


def issue(id_: int) -> bool:
    """Have a promised token (by its row) issued, if that may be done now. True where it was sent on its way."""
    with transaction():
        token = lock(Token, id_)
        if token.state != TokenState.PROMISED or not may_issue(token.right):
            return False
        _issue(token)
        return True


@sheet(every=3, name="tokens.issue_waiting")
def issue_waiting() -> int:
    """What could not be issued when it was promised: metadata not safe yet, or no contract. The number sent."""
    promised = Token.state == TokenState.PROMISED
    rights = list(db.session.scalars(sa.select(Token.right_id).where(promised).distinct()))
    may = [right_id for right_id in rights if may_issue(get(Right, right_id))]
    rows = sa.select(Token.id).where(promised, Token.right_id.in_(may)).order_by(Token.id).limit(AT_ONCE)
    waiting = list(db.session.scalars(rows))
    let_go()
    sent = 0
    for row in waiting:
        with suppress(LookupError):  # taken back in between
            sent += issue(row)
    return sent


def may_issue(right: Right) -> bool:
    """Whether what the token will point at is published and safe, and the contract is there."""
    return ready(right.id) and RIGHTS in contracts()


def _issue(token: Token) -> None:
    right = as_it_is(token.right_id)
    token.contract = contracts()[RIGHTS]
    move(token, "issue")
    terms = series_terms(right, token.max_supply)
    promise(f"series:{right.series_id}", ISSUER, RIGHTS, "createSeries", [right.series_id, terms, right.series_uri])
    if right.metadata_frozen_at is not None:
        promise_freeze(right)
    item = {"to": custody_of(token.account_id), "serial": token.serial, "ref": token.ref}
    promise(
        call_key(token.token_id),
        ISSUER,
        RIGHTS,
        "issueBatch",
        [right.series_id],
        group=f"issue:{right.series_id}",
        item=item,
    )


def call_key(token_id: int) -> str:
    """By which the chain's office knows the call that issues it."""
    return f"issue:{token_id}"


def series_terms(right: Right, max_supply: int) -> Mapping[str, Any]:
    """The struct `Terms` of contracts/src/RightsToken.sol: what of a right can never change."""
    assert right.text_hash is not None, "an approved right has a hash"
    # One end for a whole series, in which each right has a term of its own; that of a name begins with its agreement;
    # and what was used on the last days is written down after them, which the register would refuse.
    told = max_supply == 1 and right.kind != Kind.NAMING and not right.uses_per_token
    ends = term_ends(now(), right.term_months) if right.term_months and told else None
    return {
        "maxSupply": max_supply,
        "usesPerToken": right.uses_per_token or 0,
        "royaltyBps": right.royalty_bps,
        "validUntil": int(ends.timestamp()) if ends else 0,
        "tradableFrom": int(right.tradable_from.timestamp()) if right.tradable_from else 0,
        "kind": list(Kind).index(right.kind),
        "transferable": right.transferable,
        "revocable": right.kind == Kind.NAMING,
        "termsHash": "0x" + right.text_hash.removeprefix("sha256:"),
    }
