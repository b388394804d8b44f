"""Who holds a token: computed anew from all its logs each time, so that neither order nor repetition matters.

A chain that takes blocks back (a reorganisation, or the embedded one after a crash) is no special case: the logs are
gone, and what is left is added up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Log
from marketplace.chain.register import contracts, reading_anew
from marketplace.journal.writing import move as journal_move
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.outbox.promising import say
from marketplace.tokens.custody import accounts_at
from marketplace.tokens.models import Token, TokenState, Transfer
from marketplace.tokens.rules import Holding, Move, hands, in_order, standing

Place = tuple[str, int]
"""Of a log: its block's hash, its number there."""
EVENTS = {TokenState.HELD: "hold", TokenState.REVOKED: "revoke", TokenState.ISSUING: "unsettle"}
AT_ONCE = 100
"""Tokens in one transaction: few enough that nobody waits long for its locks."""


def recompute(token_ids: Iterable[int]) -> None:
    """Bring tokens in line with the chain's logs ⇢ token.issued (once each; token.misissued where the chain names
    another order than our books), token.changed_hands (once a movement), token.revoked.

    Ids that we never promised are passed over: they are not ours. Raises Unavailable while logs are being read anew.
    """
    if reading_anew():
        raise Unavailable("chain: all logs are being read anew")
    wanted = sorted(set(token_ids))
    for start in range(0, len(wanted), AT_ONCE):
        _recompute(wanted[start : start + AT_ONCE])


def _recompute(token_ids: Sequence[int]) -> None:
    with transaction() as session:
        wanted = sa.select(Token).where(Token.token_id.in_(token_ids))
        held = wanted.order_by(Token.token_id).with_for_update(of=Token).execution_options(populate_existing=True)
        tokens = list(session.scalars(held))
        # read after the locks: whoever comes second sees at least what the first one saw
        ours = [token.token_id for token in tokens]
        moves, known, orders = _moves(ours), _known(ours), _issued_for(ours)
        accounts = accounts_at(found[-1].to_address for found in moves.values())
        for token in tokens:
            id_ = token.token_id
            _say_issued(token, moves.get(id_, []), orders.get(id_))
            _settle(token, moves.get(id_, []), known.get(id_, {}), accounts)


def _say_issued(token: Token, moves: Sequence[Move], ref: str | None) -> None:
    """The third fence, after the nonce and the contract's own memory: was it issued for the order in our books?"""
    mint_tx = standing(moves, token.state).mint_tx
    if not mint_tx or mint_tx == token.mint_tx:
        return
    if ref == token.ref:
        say("token.issued", key=str(token.token_id), token_id=token.token_id, order_code=token.order_code)
    else:
        say("token.misissued", key=f"{token.token_id}:{mint_tx}", token_id=token.token_id, ref=ref)


def _settle(token: Token, moves: Sequence[Move], known: Mapping[Place, Transfer], accounts: Mapping[str, int]) -> None:
    """Rows and holder of one token, and the news among its moves: said in the transaction that writes them down."""
    nothing_yet = TokenState.PROMISED if token.state == TokenState.PROMISED else TokenState.ISSUING
    found, new = standing(moves, nothing_yet), _write_transfers(token.token_id, moves, known)
    for name, step in hands(moves):
        if step in new:
            say(
                "token.changed_hands",
                key=f"{token.token_id}:{name}",
                token_id=token.token_id,
                from_address=step.from_address,
                to_address=step.to_address,
                tx_hash=step.tx_hash,
            )
    if found.state == TokenState.REVOKED:
        say("token.revoked", key=f"{token.token_id}:{moves[-1].tx_hash}", token_id=token.token_id)
    _write_holding(token, found, accounts)


def _write_holding(token: Token, found: Holding, accounts: Mapping[str, int]) -> None:
    token.holder_address = found.holder
    token.holder_id = accounts.get(found.holder) if found.holder else None
    token.mint_tx, token.minted_at = found.mint_tx, found.minted_at
    if token.state != found.state:
        journal_move(token, EVENTS[found.state], tx=found.mint_tx or "")


def _write_transfers(token_id: int, moves: Sequence[Move], known: Mapping[Place, Transfer]) -> list[Move]:
    """Make the rows equal to `moves`: take away what the chain took back, add what is new. What is new."""
    told = {(step.block_hash, step.log_index): step for step in moves}
    for place in known.keys() - told.keys():
        db.session.delete(known[place])
    new = [step for place, step in told.items() if place not in known]
    db.session.add_all(Transfer(token_id=token_id, **vars(step)) for step in new)
    return new


def _known(token_ids: Sequence[int]) -> dict[int, dict[Place, Transfer]]:
    """{token: its rows by the log that each came from}."""
    found: dict[int, dict[Place, Transfer]] = {}
    for row in db.session.scalars(sa.select(Transfer).where(Transfer.token_id.in_(token_ids))):
        found.setdefault(row.token_id, {})[row.block_hash, row.log_index] = row
    return found


def _issued_for(token_ids: Sequence[int]) -> dict[int, str]:
    """{token: the 32 bytes that stand for its order, as the chain has them}."""
    ours = (Log.address == contracts().get(RIGHTS), Log.name == "RightIssued")
    logs = db.session.execute(sa.select(Log.token_id, Log.args).where(*ours, Log.token_id.in_(token_ids)))
    return {token_id: args["ref"] for token_id, args in logs if token_id is not None}


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
