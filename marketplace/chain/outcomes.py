"""What became of a transaction, written down: mined, reverted, on its way, or lost to a stranger."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from marketplace.chain import contract, drafts, register
from marketplace.chain.models import Call, CallState, Contract, Lane, LaneState, Outbid, Tx, TxState
from marketplace.chain.node import Receipt, Reverted, node, nonce_is_used
from marketplace.journal.writing import note
from marketplace.kit.addresses import checksum
from marketplace.kit.db import db, insert_once, let_go, lock, transaction
from marketplace.outbox.promising import say
from marketplace.settings import settings

ATTEMPTS = 3
WAITS = (2.0, 10.0)
"""Seconds until a reverted call is tried again: what it needs may be on another lane."""
DOUBTS = 5
"""Rounds in which a nonce must be called used before we believe that a stranger has it."""
OPEN = (TxState.SIGNED, TxState.SENT)


def write_receipt(tx_id: int, receipt: Receipt, reason: str) -> None:
    """Inside a transaction: `receipt` is the end of this transaction; `reason` says why, if it was reverted."""
    event = "mine" if receipt.succeeded else "revert"
    moved = db.session.scalar(
        sa.update(Tx)
        .where(Tx.id == tx_id, Tx.state.in_(Tx.MOVES.moves[event]))
        .values(
            state=TxState.MINED if receipt.succeeded else TxState.REVERTED,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            doubts=0,
            error=reason or None,
        )
        .returning(Tx.id)
    )
    if moved is None:
        return  # another process wrote it
    _keep_the_bytes_that_count(tx_id, receipt.tx_hash)
    if receipt.succeeded:
        _write_mined(tx_id, receipt)
    else:
        _write_reverted(tx_id, reason)


def _keep_the_bytes_that_count(tx_id: int, mined: str) -> None:
    """Those that were mined are the ones to send again, should the chain forget them."""
    tx = lock(Tx, tx_id)
    if tx.hash != mined:
        older = db.session.get_one(Outbid, mined)
        db.session.add(Outbid(hash=tx.hash, tx_id=tx_id, raw=tx.raw))
        tx.hash, tx.raw = older.hash, older.raw
        db.session.delete(older)


def _write_mined(tx_id: int, receipt: Receipt) -> None:
    mined = db.session.execute(
        sa.update(Call)
        .where(Call.tx_id == tx_id, Call.state.in_(Call.MOVES.moves["mine"]))
        .values(state=CallState.MINED, error=None)
        .returning(Call.key, Call.contract, Call.function)
    ).all()
    for key, name, function in mined:
        if function == contract.DEPLOY and receipt.created:
            _write_deployed(name, receipt.created, receipt.block_number)
        say("chain.mined", key, call_key=key)


def _write_deployed(name: str, address: str, block: int) -> None:
    row = {"chain_id": settings().chain_id, "name": name, "address": checksum(address), "block": block}
    if insert_once(Contract, row | {"followed": False}) is None:
        db.session.execute(
            sa.update(Contract)
            .where(Contract.chain_id == settings().chain_id, Contract.name == name)
            .values(block=sa.case((Contract.block > block, block), else_=Contract.block))
        )


def _write_reverted(tx_id: int, reason: str) -> None:
    """Back to the queue, and to staff after the last attempt. What was signed by a key that has left since was refused
    because of that, and is no attempt of its successor's."""
    state = db.session.scalar(sa.select(Lane.state).join(Tx).where(Tx.id == tx_id))
    if state != LaneState.SERVING:
        _queue_again(sa.select(Call).where(Call.tx_id == tx_id))
        return
    for call in db.session.scalars(sa.select(Call).where(Call.tx_id == tx_id)):
        call.attempts += 1
        call.tx_id = None
        call.error = reason
        if call.attempts < ATTEMPTS:
            call.state = Call.MOVES.next(call.state, "try_again")
            call.wait_until = time.time() + WAITS[call.attempts - 1]
        else:
            _park(call)


def _queue_again(calls: sa.Select[Call]) -> int:
    found = db.session.scalars(calls).all()
    for call in found:
        call.state = Call.MOVES.next(call.state, "try_again")
        call.tx_id = None
    return len(found)


def _park(call: Call) -> None:
    call.state = Call.MOVES.next(call.state, "park")
    call.tx_id = None
    note(f"call:{call.key}"[:64], "park", why=call.error or "")


def reason(tx_id: int) -> str:
    """Why a transaction was reverted: its calls are tried once more without being sent."""
    draft = drafts.of(tx_id)
    signer = db.session.scalar(sa.select(Lane.signer).join(Tx).where(Tx.id == tx_id))
    addresses = register.contracts()
    let_go()
    if draft is None or signer is None or draft.contract not in addresses:
        return "reverted"
    try:
        wanted = contract.data(draft.contract, draft.function, draft.args, draft.items)
        node().call(signer, addresses[draft.contract], wanted)
    except Reverted as refusal:
        return contract.refusal(draft.contract, refusal.data) if refusal.data else str(refusal)
    return "reverted, though it would pass now"


def taken(tx_ids: Sequence[int], answers: Sequence[str]) -> set[int]:
    """Those whose nonce is used, as the node's `answers` say and as its blocks say too.

    Behind one address may be several nodes: where the one that takes transactions is farther than the one that tells
    of blocks, our own transaction has used the nonce, and its receipt is yet to be seen.
    """
    said = [tx_id for tx_id, why in zip(tx_ids, answers, strict=True) if nonce_is_used(why)]
    if not said:
        return set()
    rows = db.session.execute(sa.select(Tx.id, Tx.nonce, Lane.signer).join(Lane).where(Tx.id.in_(said))).all()
    let_go()
    used = {signer: node().next_nonce(signer) for signer in {row.signer for row in rows}}
    return {row.id for row in rows if row.nonce < used[row.signer]}


def write_sent(tx_ids: Sequence[int], answers: Sequence[str], doubted: Collection[int]) -> None:
    """`doubted` are those whose nonce is taken()."""
    with transaction() as session:
        session.execute(
            sa.update(Tx).where(Tx.id.in_(tx_ids), Tx.state.in_(Tx.MOVES.moves["send"])).values(state=TxState.SENT)
        )
        session.execute(
            sa.update(Call)
            .where(Call.tx_id.in_(tx_ids), Call.state.in_(Call.MOVES.moves["send"]))
            .values(state=CallState.SENT)
        )
        for tx_id, why in zip(tx_ids, answers, strict=True):
            if why:
                doubt = 1 if tx_id in doubted else 0
                session.execute(sa.update(Tx).where(Tx.id == tx_id).values(error=why, doubts=Tx.doubts + doubt))


def give_up_on_taken_nonces(tx_ids: Sequence[int]) -> None:
    """A nonce that somebody else used, with this key: its calls are for a person to look at.

    Only after several rounds, since a node that is behind says the same for a moment.
    """
    with transaction() as session:
        lost = session.scalars(
            sa.update(Tx)
            .where(Tx.id.in_(tx_ids), Tx.state.in_(OPEN), Tx.doubts >= DOUBTS)
            .values(state=TxState.LOST)
            .returning(Tx.id)
        ).all()
        for call in session.scalars(sa.select(Call).where(Call.tx_id.in_(lost))):
            call.error = "the nonce of this call was used by a transaction that is not ours"
            _park(call)


def give_back(tx_ids: Sequence[int]) -> int:
    """Transactions that can never do anything, since their key has no role any more: how many calls wait again."""
    with transaction() as session:
        lost = session.scalars(
            sa.update(Tx)
            .where(Tx.id.in_(tx_ids), Tx.state.in_(OPEN))
            .values(state=TxState.LOST, error="its key was replaced before it was mined")
            .returning(Tx.id)
        ).all()
        return _queue_again(sa.select(Call).where(Call.tx_id.in_(lost)))
