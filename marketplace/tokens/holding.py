"""Who holds a token: computed anew from all its logs each time, so that neither order nor repetition matters.

A chain that takes blocks back (a reorganisation, or the embedded one after a crash) is no special case: the logs are
gone, and what is left is added up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Log
from marketplace.chain.register import contracts
from marketplace.journal.writing import move as journal_move
from marketplace.kit.db import db, transaction
from marketplace.outbox.promising import say
from marketplace.tokens.custody import accounts_at
from marketplace.tokens.models import Token, TokenState, Transfer
from marketplace.tokens.rules import Holding, Move, hands, in_order, standing

EVENTS = {TokenState.HELD: "hold", TokenState.REVOKED: "revoke", TokenState.ISSUING: "unsettle"}
AT_ONCE = 500
"""Tokens in one transaction: few enough that nobody waits long for its locks."""


def recompute(token_ids: Iterable[int]) -> None:
    """Bring tokens in line with the chain's logs ⇢ token.issued (once each), token.changed_hands (once a movement).

    Ids that we never promised are passed over: they are not ours.
    """
    wanted = sorted(set(token_ids))
    for start in range(0, len(wanted), AT_ONCE):
        _recompute(wanted[start : start + AT_ONCE])


def _recompute(token_ids: Sequence[int]) -> None:
    with transaction() as session:
        wanted = sa.select(Token).where(Token.token_id.in_(token_ids))
        held = wanted.order_by(Token.token_id).with_for_update(of=Token).execution_options(populate_existing=True)
        tokens = list(session.scalars(held))
        # read after the locks: whoever comes second sees at least what the first one saw
        moves = _moves([token.token_id for token in tokens])
        accounts = accounts_at(found[-1].to_address for found in moves.values())
        for token in tokens:
            _settle(token, moves.get(token.token_id, []), accounts)


def _settle(token: Token, moves: Sequence[Move], accounts: dict[str, int]) -> None:
    nothing_yet = TokenState.PROMISED if token.state == TokenState.PROMISED else TokenState.ISSUING
    found = standing(moves, nothing_yet)
    _write_transfers(token.token_id, moves)
    _write_holding(token, found, accounts)
    if found.mint_tx:
        say("token.issued", key=str(token.token_id), token_id=token.token_id, order_code=token.order_code)
    for name, step in hands(moves):
        say(
            "token.changed_hands",
            key=f"{token.token_id}:{name}",
            token_id=token.token_id,
            from_address=step.from_address,
            to_address=step.to_address,
            tx_hash=step.tx_hash,
        )


def _write_holding(token: Token, found: Holding, accounts: dict[str, int]) -> None:
    token.holder_address = found.holder
    token.holder_id = accounts.get(found.holder) if found.holder else None
    token.mint_tx, token.minted_at = found.mint_tx, found.minted_at
    if token.state != found.state:
        journal_move(token, EVENTS[found.state], tx=found.mint_tx or "")


def _write_transfers(token_id: int, moves: Sequence[Move]) -> None:
    """Make the rows equal to `moves`: take away what the chain took back, add what is new."""
    rows = {
        (row.block_hash, row.log_index): row
        for row in db.session.scalars(sa.select(Transfer).where(Transfer.token_id == token_id))
    }
    for step in moves:
        if rows.pop((step.block_hash, step.log_index), None) is None:
            db.session.add(Transfer(token_id=token_id, **vars(step)))
    for gone in rows.values():
        db.session.delete(gone)


def _moves(token_ids: Sequence[int]) -> dict[int, list[Move]]:
    """{token: its movements in order}; tokens without any are absent."""
    ours = (Log.address == contracts().get(RIGHTS), Log.name == "Transfer")
    logs = db.session.scalars(sa.select(Log).where(*ours, Log.token_id.in_(token_ids)))
    found: dict[int, list[Move]] = {}
    for log in logs:
        assert log.token_id is not None, "a Transfer of ours names its token"
        step = Move(
            from_address=log.args["from"],
            to_address=log.args["to"],
            tx_hash=log.tx_hash,
            log_index=log.log_index,
            block_number=log.block_number,
            block_hash=log.block_hash,
            at=log.at,
        )
        found.setdefault(log.token_id, []).append(step)
    return {token_id: in_order(steps) for token_id, steps in found.items()}
