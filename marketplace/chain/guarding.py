"""Is a key of the town ours alone? Told by its numbers.

Every transaction of a key uses up the next number (nonce), whatever it does and whether it succeeds; and every number
that we use stands in our books before anything is sent. So a number that is used on the chain and not by us was used
by somebody else who has the key. It may lie above all that we gave out; or it is one that we gave out, and whose
transaction was lost to it (outcomes.py). That holds for what no event tells, too: a right that is lent to a stranger, a
coin that is taken. Sales by others, in which our key has no part, use none of its numbers; fees that were raised use
the same one; what a reorganisation takes back makes the count smaller, and never larger.

A key that is retired may do nothing any more, and is not looked at. The replacement of a key ends what is told of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.chain import identity, lanes
from marketplace.chain.models import Lane, LaneState, Log, Outbid, Tx, TxState
from marketplace.chain.node import node
from marketplace.chain.outcomes import DOUBTS
from marketplace.chain.rekeying import WORKING
from marketplace.kit.db import db, let_go
from marketplace.kit.refusals import Rejected
from marketplace.settings import settings

OURS = ("town", *WORKING)
"""Whose keys are the town's: the demo's wallets have lanes as well."""
DEEDS = {
    "issuer": ("RightIssued", "RightRevoked", "MetadataUpdate", "PermanentURI"),
    "custodian": ("CustodyReleased", "Swapped"),
    "redeemer": ("Redeemed", "RedemptionUndone"),
}
"""Events that none but the key of a role can cause, and that name a right."""
NAMED = 20
"""Rights that are named at most."""

Told = Callable[[str], None]


class Misused(NamedTuple):
    """A key that somebody else uses."""

    lane_id: int
    role: str
    address: str
    times: int
    """How many transactions of it are not ours."""
    ours_from: int
    used: int
    """Numbers of it that the chain had seen when this was found."""


def misused() -> list[Misused]:
    """The keys that somebody else has used, by role. Not of a database that was put back and has not caught up yet.

    Asks the node, whose chain must be ours. Raises Unavailable.
    """
    kept = sa.select(Lane.id, Lane.role, Lane.signer, Lane.ours_from).where(
        Lane.chain_id == settings().chain_id,
        Lane.role.in_(OURS),
        Lane.state != LaneState.RETIRED,
        Lane.ours_from.is_not(None),
    )
    found = db.session.execute(kept.order_by(Lane.role, Lane.id)).all()
    let_go()
    used = {lane_id: node().next_nonce(signer) for lane_id, _, signer, _ in found}
    given_out, lost = _given_out(list(used)), _lost(list(used))  # after the chain: what we sent meanwhile is in them
    let_go()
    counts = {lane_id: max(0, used[lane_id] - given_out[lane_id]) + lost.get(lane_id, 0) for lane_id in used}
    return [
        Misused(lane_id, role, signer, counts[lane_id], ours_from or 0, used[lane_id])
        for lane_id, role, signer, ours_from in found
        if counts[lane_id]
    ]


def rights_touched(role: str) -> str:
    """The numbers of rights about which the chain tells what only this role's key can do, by transactions that are not
    in our books: "1000001, 1000007", the newest first; a dash where there is none."""
    ours = sa.or_(
        sa.exists().where(Tx.hash == Log.tx_hash),
        sa.exists().where(Outbid.hash == Log.tx_hash),
    )
    here = sa.select(Log.tx_hash).where(Log.chain_id == settings().chain_id, Log.name.in_(DEEDS.get(role, ())))
    moved = sa.select(Log.token_id).where(Log.tx_hash.in_(here.where(sa.not_(ours))), Log.token_id.is_not(None))
    newest = moved.group_by(Log.token_id).order_by(sa.func.max(Log.block_number).desc(), Log.token_id)
    numbers = [str(each) for each in db.session.scalars(newest.limit(NAMED + 1))]
    let_go()
    return ", ".join([*numbers[:NAMED], *(["…"] if len(numbers) > NAMED else [])]) or "—"


def vouch(role: str, tell: Told) -> None:
    """What the key of `role` did that our books do not know was the town's own doing: by a wallet, or before the
    database was put back. `tell` hears what that was. Raises Unavailable, Rejected."""
    if role not in OURS:
        raise Rejected(f"there is no key of {role}: {', '.join(OURS)} have one")
    identity.confirm()
    found = [each for each in misused() if each.role == role]
    for each in found:
        if lanes.go_on_after(each.lane_id, each.ours_from, each.used, "key.vouch"):
            tell(f"{role}: {each.times} transactions of {each.address} count as the town's own from now on")
    if not found:
        tell(f"{role}: the books know all that its key did")


def _given_out(lane_ids: list[int]) -> dict[int, int]:
    """By lane: the first number that nothing of ours was signed with."""
    return dict(db.session.execute(sa.select(Lane.id, Lane.next_nonce).where(Lane.id.in_(lane_ids))).all())


def _lost(lane_ids: list[int]) -> dict[int, int]:
    """By lane: transactions of ours whose number was used by another one."""
    lost = (
        sa.select(Tx.lane_id, sa.func.count())
        .join(Lane)
        .where(Tx.lane_id.in_(lane_ids), Tx.state == TxState.LOST, Tx.doubts >= DOUBTS, Tx.nonce >= Lane.ours_from)
    )
    return dict(db.session.execute(lost.group_by(Tx.lane_id)).all())
