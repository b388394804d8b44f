"""From a promise to a transaction on its way: exactly once, however often we die.

1. A call is promised in the transaction of what it follows from, once for each key.
2. Calls become a signed transaction, and its bytes are stored with the next nonce of their lane.
3. Only then is it sent; and whatever happened, the same bytes are sent again until a receipt shows (settling.py).

A nonce holds one transaction, so bytes sent twice are mined once. Should the chain forget (a crash of the local one,
a reorganisation), the same bytes go out again and make the same history.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from marketplace.chain import keys, lanes, register, settling
from marketplace.chain.contract import DEPLOY, data
from marketplace.chain.lanes import Held, LostLease
from marketplace.chain.models import Call, CallState, Lane, Tx, TxState
from marketplace.chain.node import node
from marketplace.journal.writing import note
from marketplace.kit.db import db, insert_once, lock, transaction, writing
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import sheet
from marketplace.settings import settings

log = logging.getLogger(__name__)

LEASE_SECONDS = 10.0
LARGEST_GROUP = 250
"""Rights in one transaction: 250 first issues use 13.2 M gas, and EIP-7825 allows 16.78 M."""
IN_FLIGHT = 32
"""Unmined transactions of one lane; nodes keep few of one sender."""


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
        role: whose key signs: town, issuer, custodian, fund or wallet:<name>.
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

    Returns the number of transactions settled. Safe in any number of processes. Raises Unavailable.
    """
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
            except LostLease:
                pass
    return settled


@sheet(every=0.5, name="chain.send")
def send() -> None:
    """The worker's turn. Rounds follow each other while they get something done."""
    try:
        while work():
            pass
    except Unavailable as trouble:
        log.warning("%s", trouble)


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


@dataclass
class Draft:
    """A transaction to be: calls of one role that travel together."""

    role: str
    contract: str
    function: str
    args: list[Any]
    items: list[Any] | None
    calls: list[int] = field(default_factory=list)
    nonce: int = -1
    raw: bytes = b""
    hash: str = ""

    @property
    def gas(self) -> int:
        if self.function == DEPLOY:
            return 5_000_000
        return 500_000 if self.items is None else 100_000 + 62_000 * len(self.items)


def _anything_open() -> bool:
    waiting = sa.select(Call.id).where(Call.state == CallState.QUEUED, _due()).limit(1)
    unsettled = sa.select(Tx.id).where(Tx.state.in_((TxState.SIGNED, TxState.SENT))).limit(1)
    found = db.session.scalar(waiting) is not None or db.session.scalar(unsettled) is not None
    db.session.rollback()
    return found


def _due() -> sa.ColumnElement[bool]:
    return sa.or_(Call.wait_until.is_(None), Call.wait_until <= time.time())


def _sign(held: Held) -> int:
    """Sign what is queued and store it. The number of transactions now ready to be sent."""
    drafts, nonces = _drafts(held)
    if not drafts:
        return 0
    addresses, most, tip = register.contracts(), *node().fees()
    db.session.rollback()
    for draft in drafts:
        draft.nonce = nonces[draft.role]
        nonces[draft.role] += 1
        transaction_fields: dict[str, Any] = {
            "type": 2,
            "chainId": settings().chain_id,
            "nonce": draft.nonce,
            "gas": draft.gas,
            "maxFeePerGas": most,
            "maxPriorityFeePerGas": tip,
            "value": 0,
            "data": data(draft.contract, draft.function, draft.args, draft.items),
        }
        if draft.function != DEPLOY:
            transaction_fields["to"] = addresses[draft.contract]
        draft.raw, draft.hash = keys.signer(draft.role).sign(transaction_fields)
    _store(held, drafts)
    return len(drafts)


def _store(held: Held, drafts: list[Draft]) -> None:
    """Nonces, bytes and calls in one transaction; nothing of it if anything is not as it was when we looked."""
    with transaction() as session:
        for role, lane_id in sorted(held.lanes.items(), key=lambda each: each[1]):
            ours = [draft for draft in drafts if draft.role == role]
            if not ours:
                continue
            lane = lock(Lane, lane_id)
            if lane.lease_by != held.token or lane.next_nonce != ours[0].nonce:
                raise LostLease
            for draft in ours:
                tx = Tx(lane_id=lane_id, nonce=draft.nonce, raw=draft.raw, hash=draft.hash, state=TxState.SIGNED)
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


def _drafts(held: Held) -> tuple[list[Draft], dict[str, int]]:
    """What can be sent now, in the order promised, and the next nonce of each role."""
    session = db.session
    known = register.contracts()
    queued = session.execute(
        sa.select(Call.id, Call.role, Call.contract, Call.function, Call.args, Call.group_key, Call.item)
        .where(
            Call.role.in_(held.lanes),
            Call.state == CallState.QUEUED,
            _due(),
            sa.or_(Call.function == DEPLOY, Call.contract.in_(known)),
        )
        .order_by(Call.id)
        .limit(LARGEST_GROUP * IN_FLIGHT)
    ).all()
    flying = Counter(
        session.scalars(
            sa.select(Lane.role)
            .join(Tx, Tx.lane_id == Lane.id)
            .where(Lane.id.in_(held.ids), Tx.state.in_((TxState.SIGNED, TxState.SENT)))
        )
    )
    nonces = dict(session.execute(sa.select(Lane.role, Lane.next_nonce).where(Lane.id.in_(held.ids))).all())
    session.rollback()
    drafts: list[Draft] = []
    open_groups: dict[tuple[str, ...], Draft] = {}
    for call_id, role, name, function, args, group, item in queued:
        travelling = (role, name, function, json.dumps(args), group or "")
        draft = open_groups.get(travelling) if group else None
        if draft is None or len(draft.calls) == LARGEST_GROUP:
            if flying[role] == IN_FLIGHT:
                continue
            flying[role] += 1
            draft = Draft(role, name, function, args, [] if group else None)
            drafts.append(draft)
            if group:
                open_groups[travelling] = draft
        draft.calls.append(call_id)
        if draft.items is not None:
            draft.items.append(item)
    return drafts, nonces
