"""From a transaction on its way to a fact: sending the stored bytes until a receipt shows, and believing receipts
only as long as their block is on the chain.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.chain import identity
from marketplace.chain.lanes import Held
from marketplace.chain.models import Call, CallState, Lane, Outbid, Tx, TxState
from marketplace.chain.node import Receipt, node
from marketplace.chain.outcomes import (
    OPEN,
    give_back,
    give_up_on_taken_nonces,
    reason,
    taken,
    write_receipt,
    write_sent,
)
from marketplace.kit.db import db, let_go, transaction
from marketplace.settings import settings

log = logging.getLogger(__name__)

PATIENCE = (0.0, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3)
"""Seconds between looks for a receipt in one round: a chain that mines at once answers at the first or second."""
HASHES = 100
"""Block hashes asked for at once while looking for the last one that still stands."""

WRITTEN = (TxState.MINED, TxState.REVERTED)


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
    pending = _pending(held.ids)
    settled, missing = _settle([each for each in pending if each.state == TxState.SENT])
    missing_ids = {each.id for each in missing}
    unsent = [each for each in pending if each.state == TxState.SIGNED or each.id in missing_ids]
    if not unsent:
        return settled
    held.renew()
    if missing and settings().chain_embedded:
        node().take_out(_signers(held))
    if any(each.was_in is not None for each in unsent):
        # forgotten history is told again in its old order, across lanes: one by one
        answers = [node().send([each.raw])[0] for each in unsent]
    else:
        answers = node().send([each.raw for each in unsent])
    ids = [each.id for each in unsent]
    write_sent(ids, answers, taken(ids, answers))
    for pause in PATIENCE:
        time.sleep(pause)
        more, unsent = _settle(unsent)
        settled += more
        if not unsent:
            return settled
    give_up_on_taken_nonces([each.id for each in unsent])
    return settled


def close(lane_id: int) -> int:
    """The key of this lane can do nothing on chain any more: what it did counts, and the calls of what it did not come
    to wait for its successor. How many those are. Raises Unavailable."""
    _, missing = _settle(_pending([lane_id]))
    return give_back([each.id for each in missing])


def _signers(held: Held) -> list[str]:
    signers = list(db.session.scalars(sa.select(Lane.signer).where(Lane.id.in_(held.ids)).order_by(Lane.id)))
    let_go()
    return signers


def _written(*, proven: bool) -> sa.Select[int | None, str | None]:
    """Blocks that hold transactions of ours, the newest first."""
    blocks = sa.select(Tx.block_number, Tx.block_hash).join(Lane).distinct().order_by(Tx.block_number.desc())
    return blocks.where(Lane.chain_id == settings().chain_id, Tx.state.in_(WRITTEN), Tx.proven.is_(proven))


def _blocks(query: sa.Select[int | None, str | None]) -> list[tuple[int, str]]:
    found = [(number, block_hash) for number, block_hash in db.session.execute(query) if number is not None]
    let_go()
    return [(number, block_hash or "") for number, block_hash in found]


def _standing(blocks: Sequence[tuple[int, str]]) -> list[bool]:
    headers = node().headers([number for number, _ in blocks])
    return [identity.stands(*block, header) for block, header in zip(blocks, headers, strict=True)]


def _fallen(blocks: Sequence[tuple[int, str]]) -> list[str]:
    """The hashes of those that the chain does not have."""
    return [block[1] for block, stands in zip(blocks, _standing(blocks), strict=True) if not stands]


def _at(block_hashes: Sequence[str]) -> sa.Update:
    return sa.update(Tx).where(Tx.block_hash.in_(block_hashes), Tx.state.in_(WRITTEN))


def _forget(block_hashes: list[str]) -> int:
    with transaction() as session:
        again = {"state": TxState.SENT, "block_hash": None, "proven": False, "bid_at": time.time()}
        taken_back = session.scalars(_at(block_hashes).values(**again).returning(Tx.id)).all()
        session.execute(
            sa.update(Call)
            .where(Call.tx_id.in_(taken_back), Call.state.in_(Call.MOVES.moves["roll_back"]))
            .values(state=CallState.SENT)
        )
    if taken_back:
        log.warning("the chain forgot %d transactions; sending them again", len(taken_back))
    return len(taken_back)


def _pending(lanes: Sequence[int]) -> list[Pending]:
    query = (
        sa.select(Tx.id, Tx.hash, Tx.raw, Tx.state, Tx.block_number)
        .where(Tx.lane_id.in_(lanes), Tx.state.in_(OPEN))
        .order_by(Tx.block_number.nulls_last(), Tx.id)
    )
    rows = [Pending(*row) for row in db.session.execute(query)]
    let_go()
    return rows


def _settle(pending: list[Pending]) -> tuple[int, list[Pending]]:
    """Write what has a receipt; how many that were, and those that have none."""
    receipts = _receipts(pending) if pending else {}
    found = [(each.id, receipts[each.id]) for each in pending if each.id in receipts]
    reasons = {tx_id: reason(tx_id) for tx_id, receipt in found if not receipt.succeeded}
    if found:
        with transaction():
            for tx_id, receipt in found:
                write_receipt(tx_id, receipt, reasons.get(tx_id, ""))
    return len(found), [each for each in pending if each.id not in receipts]


def _receipts(pending: list[Pending]) -> dict[int, Receipt]:
    """By transaction. Of one whose fee was raised, any of its bytes may be the ones that were mined."""
    ids = [each.id for each in pending]
    outbid = db.session.execute(sa.select(Outbid.tx_id, Outbid.hash).where(Outbid.tx_id.in_(ids))).all()
    let_go()
    asked = [(each.id, each.hash) for each in pending] + [(tx_id, older) for tx_id, older in outbid]
    receipts = node().receipts([each for _, each in asked])
    return {tx_id: receipt for (tx_id, _), receipt in zip(asked, receipts, strict=True) if receipt}
