"""A transaction that waits too long for its block is offered again with a higher fee: same nonce, same calls.

So at most one of its bytes can ever be mined. The older ones are kept, since a node that had them may still mine them.
Raising is bounded twice: by the highest fee that the town pays, and by the number of raises. What is stuck then, or
for want of coins, is for people: an alarm says so, and nothing is given up.
"""

from __future__ import annotations

import logging
import time

import sqlalchemy as sa

from marketplace.chain import drafts
from marketplace.chain.lanes import Held, LostLease
from marketplace.chain.models import Lane, LaneState, Outbid, Tx, TxState
from marketplace.chain.node import node
from marketplace.kit.db import db, let_go, lock, transaction
from marketplace.settings import settings

log = logging.getLogger(__name__)

GWEI = 10**9
RAISE = (9, 8)
"""12.5 % more, on both fees: nodes want at least 10 % before they let one transaction take another's place."""
RAISES = 12
"""Four times the first fee."""
OPEN = (TxState.SIGNED, TxState.SENT)


def affordable(max_fee: int, tip: int) -> tuple[int, int]:
    """These fees, or the most that the town pays."""
    most = int(settings().chain_max_fee_gwei * GWEI)
    return min(max_fee, most), min(tip, most)


def raise_fees(held: Held) -> int:
    """Sign what has waited too long again, for more; the number of transactions. They are sent by the next push.

    Only the first of each lane: those behind it wait for it, not for their fee. Raises Unavailable, LostLease.
    """
    late = _late(held)
    if not late:
        return 0
    now_asked, tip_asked = node().fees()
    raised = 0
    for tx in late:
        fees = affordable(max(_more(tx.max_fee), now_asked), max(_more(tx.tip), tip_asked))
        if fees[0] < _more(tx.max_fee) or fees[1] < _more(tx.tip) or fees == (tx.max_fee, tx.tip):
            continue  # gas is free here, or it costs more than the town pays
        draft = drafts.of(tx.id)
        if draft is None:
            continue
        draft.sign(tx.nonce, *fees)
        if draft.hash != tx.hash:
            _store(held, tx.id, tx.hash, draft)
            raised += 1
            log.warning("nonce %d of %s waits: its fee is raised to %d wei", tx.nonce, draft.role, draft.max_fee)
    return raised


def stuck() -> str:
    """What waits although its fee cannot be raised any more, or has waited ten times too long; or ''."""
    patience = settings().chain_stuck_s
    query = (
        sa.select(Tx.nonce, Lane.role, Tx.error)
        .join(Lane)
        .where(Lane.chain_id == settings().chain_id, Tx.state.in_(OPEN))
        .where(
            sa.or_(
                sa.and_(Tx.raises >= RAISES, Tx.bid_at < time.time() - patience),
                Tx.bid_at < time.time() - 10 * patience,
            )
        )
        .order_by(Tx.id)
        .limit(1)
    )
    found = db.session.execute(query).first()
    let_go()
    return f"nonce {found.nonce} of {found.role} is not mined: {found.error or 'no answer'}" if found else ""


def _late(held: Held) -> list[Tx]:
    """The oldest open transaction of each lane, where it has waited too long and may be raised again."""
    ours = sa.select(Lane.id).where(Lane.id.in_(held.ids), Lane.state != LaneState.RETIRED)
    first = sa.select(sa.func.min(Tx.id)).where(Tx.lane_id.in_(ours), Tx.state.in_(OPEN)).group_by(Tx.lane_id)
    long_ago = time.time() - settings().chain_stuck_s
    late = sa.select(Tx).where(Tx.id.in_(first), Tx.state == TxState.SENT, Tx.bid_at < long_ago, Tx.raises < RAISES)
    found = list(db.session.scalars(late.order_by(Tx.id)))
    for tx in found:
        db.session.expunge(tx)
    let_go()
    return found


def _more(fee: int) -> int:
    up, down = RAISE
    return -(-fee * up // down)


def _store(held: Held, tx_id: int, outbid: str, draft: drafts.Draft) -> None:
    """The new bytes take the place of the old ones, in the books before anywhere else."""
    with transaction() as session:
        tx = lock(Tx, tx_id)
        lane = lock(Lane, tx.lane_id)
        if lane.lease_by != held.token or tx.hash != outbid or tx.state not in OPEN:
            raise LostLease
        session.add(Outbid(hash=tx.hash, tx_id=tx.id, raw=tx.raw))
        tx.raw, tx.hash = draft.raw, draft.hash
        tx.max_fee, tx.tip = draft.max_fee, draft.tip
        tx.bid_at, tx.raises = time.time(), tx.raises + 1
