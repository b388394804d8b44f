"""From a transaction on its way to a fact: sending the stored bytes until a receipt shows, and believing receipts
only as long as their block is on the chain.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.chain import contract, register
from marketplace.chain.addresses import checksum
from marketplace.chain.lanes import Held
from marketplace.chain.models import Call, CallState, Contract, Lane, Tx, TxState
from marketplace.chain.node import Receipt, Reverted, node, nonce_is_used
from marketplace.journal.writing import note
from marketplace.kit.db import db, insert_once, transaction
from marketplace.outbox.promising import say
from marketplace.settings import settings

log = logging.getLogger(__name__)

PATIENCE = (0.0, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3)
"""Seconds between looks for a receipt in one round: a chain that mines at once answers at the first or second."""
ATTEMPTS = 3
WAITS = (2.0, 10.0)
"""Seconds until a reverted call is tried again: what it needs may be on another lane."""
DOUBTS = 5
HASHES = 100
"""Block hashes asked for at once while looking for the last one that still stands."""

WRITTEN = (TxState.MINED, TxState.REVERTED)
OPEN = (TxState.SIGNED, TxState.SENT)


class Pending(NamedTuple):
    id: int
    hash: str
    raw: bytes
    state: TxState
    was_in: int | None
    """Number of the block that held it before the chain forgot."""


def fallen_back() -> bool:
    """Whether the chain no longer has a block in which we saw a transaction of ours.

    A receipt can be written down when the chain that gave it is already gone, so each block is asked for once after
    it was written, together with the newest of those proven before. Where that one stands, all proven ones do.
    """
    fresh = _blocks(_written(proven=False))
    proven = _blocks(_written(proven=True).limit(1))
    if not all(_standing([*fresh, *proven])):
        return True
    if fresh:
        with transaction() as session:
            session.execute(_at([block_hash for _, block_hash in fresh]).values(proven=True))
    return False


def roll_back(held: Held) -> int:
    """Take back what the chain forgot: those transactions are to be sent again, with the same bytes."""
    ours = Tx.lane_id.in_(held.ids)
    forgotten = _fallen(_blocks(_written(proven=False).where(ours)))
    before: int | None = None
    while True:
        query = _written(proven=True).where(ours).limit(HASHES)
        blocks = _blocks(query if before is None else query.where(Tx.block_number < before))
        gone = _fallen(blocks)
        forgotten += gone
        if len(gone) < len(blocks) or not blocks:
            break
        before = blocks[-1][0]
    return _forget(forgotten) if forgotten else 0


def push(held: Held) -> int:
    """Send whatever has no receipt, and settle what has one. The number of transactions settled."""
    pending = _pending(held)
    settled, missing = _settle([each for each in pending if each.state == TxState.SENT])
    missing_ids = {each.id for each in missing}
    unsent = [each for each in pending if each.state == TxState.SIGNED or each.id in missing_ids]
    if not unsent:
        return settled
    held.renew()
    if any(each.was_in is not None for each in unsent):
        # forgotten history is told again in its old order, across lanes: one by one
        answers = [node().send([each.raw])[0] for each in unsent]
    else:
        answers = node().send([each.raw for each in unsent])
    _write_sent(unsent, answers)
    for pause in PATIENCE:
        time.sleep(pause)
        more, unsent = _settle(unsent)
        settled += more
        if not unsent:
            return settled
    _give_up_on_taken_nonces(unsent)
    return settled


def _written(*, proven: bool) -> sa.Select[int | None, str | None]:
    """Blocks that hold transactions of ours, the newest first."""
    blocks = sa.select(Tx.block_number, Tx.block_hash).join(Lane).distinct().order_by(Tx.block_number.desc())
    return blocks.where(Lane.chain_id == settings().chain_id, Tx.state.in_(WRITTEN), Tx.proven.is_(proven))


def _blocks(query: sa.Select[int | None, str | None]) -> list[tuple[int, str]]:
    found = [(number, block_hash) for number, block_hash in db.session.execute(query) if number is not None]
    db.session.rollback()
    return [(number, block_hash or "") for number, block_hash in found]


def _standing(blocks: Sequence[tuple[int, str]]) -> list[bool]:
    headers = node().headers([number for number, _ in blocks])
    return [header is not None and header.hash == known for header, (_, known) in zip(headers, blocks, strict=True)]


def _fallen(blocks: Sequence[tuple[int, str]]) -> list[str]:
    """The hashes of those that the chain does not have."""
    return [block[1] for block, stands in zip(blocks, _standing(blocks), strict=True) if not stands]


def _at(block_hashes: Sequence[str]) -> sa.Update:
    return sa.update(Tx).where(Tx.block_hash.in_(block_hashes), Tx.state.in_(WRITTEN))


def _forget(block_hashes: list[str]) -> int:
    with transaction() as session:
        taken_back = session.scalars(
            _at(block_hashes).values(state=TxState.SENT, block_hash=None, proven=False).returning(Tx.id)
        ).all()
        session.execute(
            sa.update(Call)
            .where(Call.tx_id.in_(taken_back), Call.state.in_(Call.MOVES.moves["roll_back"]))
            .values(state=CallState.SENT)
        )
    if taken_back:
        log.warning("the chain forgot %d transactions; sending them again", len(taken_back))
    return len(taken_back)


def _pending(held: Held) -> list[Pending]:
    query = (
        sa.select(Tx.id, Tx.hash, Tx.raw, Tx.state, Tx.block_number)
        .where(Tx.lane_id.in_(held.ids), Tx.state.in_(OPEN))
        .order_by(Tx.block_number.nulls_last(), Tx.id)
    )
    rows = [Pending(*row) for row in db.session.execute(query)]
    db.session.rollback()
    return rows


def _settle(pending: list[Pending]) -> tuple[int, list[Pending]]:
    """Write what has a receipt; how many that were, and those that have none."""
    receipts = node().receipts([each.hash for each in pending]) if pending else []
    found = [(each.id, receipt) for each, receipt in zip(pending, receipts, strict=True) if receipt]
    reasons = {tx_id: _reason(tx_id) for tx_id, receipt in found if not receipt.succeeded}
    if found:
        with transaction():
            for tx_id, receipt in found:
                _write_receipt(tx_id, receipt, reasons.get(tx_id, ""))
    return len(found), [each for each, receipt in zip(pending, receipts, strict=True) if receipt is None]


def _write_receipt(tx_id: int, receipt: Receipt, reason: str) -> None:
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
    if receipt.succeeded:
        _write_mined(tx_id, receipt)
    else:
        _write_reverted(tx_id, reason)


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
    """Back to the queue, and to staff after the last attempt."""
    for call in db.session.scalars(sa.select(Call).where(Call.tx_id == tx_id)):
        call.attempts += 1
        call.tx_id = None
        call.error = reason
        if call.attempts < ATTEMPTS:
            call.state = Call.MOVES.next(call.state, "try_again")
            call.wait_until = time.time() + WAITS[call.attempts - 1]
        else:
            _park(call)


def _park(call: Call) -> None:
    call.state = Call.MOVES.next(call.state, "park")
    call.tx_id = None
    note(f"call:{call.key}"[:64], "park", why=call.error or "")


def _reason(tx_id: int) -> str:
    """Why a transaction was reverted: its calls are tried once more without being sent."""
    query = sa.select(Call.contract, Call.function, Call.args, Call.group_key, Call.item).where(Call.tx_id == tx_id)
    calls = db.session.execute(query.order_by(Call.id)).all()
    signer = db.session.scalar(sa.select(Lane.signer).join(Tx).where(Tx.id == tx_id))
    addresses = register.contracts()
    db.session.rollback()
    if not calls or signer is None or calls[0].contract not in addresses:
        return "reverted"
    name, function, args, group, _ = calls[0]
    items = [call.item for call in calls] if group else None
    try:
        node().call(signer, addresses[name], contract.data(name, function, args, items))
    except Reverted as refusal:
        return contract.refusal(name, refusal.data) if refusal.data else str(refusal)
    return "reverted, though it would pass now"


def _write_sent(pending: list[Pending], answers: list[str]) -> None:
    with transaction() as session:
        ids = [each.id for each in pending]
        session.execute(
            sa.update(Tx).where(Tx.id.in_(ids), Tx.state.in_(Tx.MOVES.moves["send"])).values(state=TxState.SENT)
        )
        session.execute(
            sa.update(Call)
            .where(Call.tx_id.in_(ids), Call.state.in_(Call.MOVES.moves["send"]))
            .values(state=CallState.SENT)
        )
        for each, why in zip(pending, answers, strict=True):
            if why:
                doubt = 1 if nonce_is_used(why) else 0
                session.execute(sa.update(Tx).where(Tx.id == each.id).values(error=why, doubts=Tx.doubts + doubt))


def _give_up_on_taken_nonces(pending: list[Pending]) -> None:
    """A nonce that somebody else used, with this key: its calls are for a person to look at.

    Only after several rounds, since a node that is behind says the same for a moment.
    """
    with transaction() as session:
        lost = session.scalars(
            sa.update(Tx)
            .where(Tx.id.in_([each.id for each in pending]), Tx.state.in_(OPEN), Tx.doubts >= DOUBTS)
            .values(state=TxState.LOST)
            .returning(Tx.id)
        ).all()
        for call in session.scalars(sa.select(Call).where(Call.tx_id.in_(lost))):
            call.error = "the nonce of this call was used by a transaction that is not ours"
            _park(call)
