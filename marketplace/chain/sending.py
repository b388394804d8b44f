"""From a promise to a transaction on its way: exactly once, however often we die.

1. A call is promised in the transaction of what it follows from, once for each key.
2. Calls become a signed transaction, and its bytes are stored with the next nonce of their lane.
3. Only then is it sent; and whatever happened, the same bytes are sent again until a receipt shows (settling.py).

A nonce holds one transaction, so bytes sent twice are mined once. Should the chain forget (a crash of the local one,
a reorganisation), the same bytes go out again and make the same history.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from marketplace.chain import alarms, drafts, identity, lanes, register, replacing, settling
from marketplace.chain.contract import data
from marketplace.chain.drafts import Draft
from marketplace.chain.lanes import Held, LostLease
from marketplace.chain.models import Call, CallState, Lane, LaneState, Trouble, Tx, TxState
from marketplace.chain.node import node
from marketplace.journal.writing import note
from marketplace.kit.db import db, insert_once, let_go, lock, transaction, writing
from marketplace.kit.outages import waiting
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.kit.sheets import sheet
from marketplace.settings import settings

log = logging.getLogger(__name__)

LEASE_SECONDS = 10.0
PATIENCE = alarms.Patience(Trouble.SENDING)


class HeldStill(Rejected):
    """This is a copy of the town, and the chain is the town's."""

    def __init__(self) -> None:
        super().__init__("a rehearsal (REHEARSAL_MAIL) sends nothing to the chain, which is the town's")


def promise(
    key: str,
    role: str,
    contract: str,
    function: str,
    args: Sequence[Any],
    *,
    group: str | None = None,
    item: Any = None,
) -> None:
    """Have `function` called once for this key, if and only if the present transaction commits.

    Args:
        role: whose key signs: town, issuer, custodian, redeemer, anchorer, pauser, fund or wallet:<name>.
        args: JSON values, see contract.py.
        group: calls of one group travel together: their items become one list, the function's last argument.
        item: this call's element of that list.

    Raises:
        ValueError, KeyError: the function does not take this.
    """
    assert writing(), "promise() belongs inside transaction()"
    assert (group is None) == (item is None), "an item travels in a group"
    data(contract, function, args, None if group is None else [item])
    insert_once(
        Call,
        {
            "key": key,
            "role": role,
            "contract": contract,
            "function": function,
            "args": list(args),
            "group_key": group,
            "item": item,
            "state": CallState.QUEUED,
            "attempts": 0,
        },
    )


def work(lease: float = LEASE_SECONDS) -> int:
    """One round: put back what the chain forgot, settle what is mined, sign and send what is promised.

    Returns the number of transactions settled. Safe in any number of processes. Raises Unavailable, HeldStill.
    """
    if settings().holds_the_chain:
        raise HeldStill
    identity.confirm()
    lanes.catch_up()
    lanes.open_wanted()
    if not (_anything_open() or settling.fallen_back()):
        return 0
    settled = 0
    with lanes.held(lease) as held:
        if held:
            try:
                settling.roll_back(held)
                settled += settling.push(held)
                while _sign(held):
                    settled += settling.push(held)
                if replacing.raise_fees(held):
                    settled += settling.push(held)
            except LostLease:
                pass
    return settled


@sheet(every=0.5, name="chain.send", asks="chain")
def send() -> None:
    """The worker's turn. Rounds follow each other while they get something done."""
    if settings().holds_the_chain:
        return
    try:
        while work():
            pass
    except (Unavailable, Rejected) as trouble:
        waiting(log, str(trouble))
        PATIENCE.failed(str(trouble))
    else:
        watch(PATIENCE)


def watch(patience: alarms.Patience) -> None:
    """A round went well; but what is on its way must also arrive."""
    if stuck := replacing.stuck():
        patience.failed(stuck)
    else:
        patience.succeeded()


def forget_held_back(key: str) -> bool:
    """Inside a transaction: what waits for a paused contract is not wanted any more. False where it does not wait for
    one, and may be on its way."""
    assert writing(), "forget_held_back() belongs inside transaction()"
    gone = sa.delete(Call).where(Call.key == key, Call.state == CallState.QUEUED, register.held_back())
    return db.session.scalar(gone.returning(Call.id)) is not None


def retry(key: str, by: str) -> None:
    """Staff's button: try a parked call again."""
    with transaction() as session:
        moved = session.execute(
            sa.update(Call)
            .where(Call.key == key, Call.state.in_(Call.MOVES.moves["unpark"]))
            .values(state=CallState.QUEUED, attempts=0, wait_until=None)
        )
        if moved.rowcount:  # type: ignore[attr-defined] # an UPDATE's result has it
            note(f"call:{key}"[:64], "unpark", by=by)


def _anything_open() -> bool:
    waiting = sa.select(Call.id).where(Call.state == CallState.QUEUED, drafts.due()).limit(1)
    unsettled = sa.select(Tx.id).where(Tx.state.in_((TxState.SIGNED, TxState.SENT))).limit(1)
    found = db.session.scalar(waiting) is not None or db.session.scalar(unsettled) is not None
    let_go()
    return found


def _sign(held: Held) -> int:
    """Sign what is queued and store it. The number of transactions now ready to be sent.

    A role whose key is missing, or refused by whoever has it, holds up no other: only where nothing else can be signed
    is its Rejected raised.
    """
    waiting, nonces = drafts.waiting(held)
    if not waiting:
        return 0
    most, tip = replacing.affordable(*node().fees())
    signed: list[Draft] = []
    mute: dict[str, Rejected] = {}
    for draft in waiting:
        if draft.role in mute:
            continue
        try:
            draft.sign(nonces[draft.role], most, tip)
        except Rejected as trouble:
            mute[draft.role] = trouble
        else:
            nonces[draft.role] += 1
            signed.append(draft)
    if mute and not signed:
        raise next(iter(mute.values()))
    _store(held, signed)
    return len(signed)


def _store(held: Held, signed: list[Draft]) -> None:
    """Nonces, bytes and calls in one transaction; nothing of it if anything is not as it was when we looked."""
    with transaction() as session:
        for role, lane_id in sorted(held.lanes.items(), key=lambda each: each[1]):
            ours = [draft for draft in signed if draft.role == role]
            if not ours:
                continue
            lane = lock(Lane, lane_id)
            if lane.lease_by != held.token or lane.next_nonce != ours[0].nonce or lane.state != LaneState.SERVING:
                raise LostLease  # or its key has left while we signed with it
            for draft in ours:
                bid = {"max_fee": draft.max_fee, "tip": draft.tip, "bid_at": time.time()}
                bytes_ = {"raw": draft.raw, "hash": draft.hash}
                tx = Tx(lane_id=lane_id, nonce=draft.nonce, state=TxState.SIGNED, **bytes_, **bid)
                session.add(tx)
                session.flush()
                moved = session.scalars(
                    sa.update(Call)
                    .where(Call.id.in_(draft.calls), Call.state.in_(Call.MOVES.moves["sign"]))
                    .values(state=CallState.SIGNED, tx_id=tx.id)
                    .returning(Call.id)
                )
                if len(moved.all()) != len(draft.calls):
                    raise LostLease
            lane.next_nonce += len(ours)
