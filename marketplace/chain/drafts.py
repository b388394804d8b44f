"""Transactions to be: promised calls that travel together, and the bytes that they become."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from marketplace.chain import keys, register
from marketplace.chain.contract import DEPLOY, data
from marketplace.chain.lanes import Held
from marketplace.chain.models import Call, CallState, Lane, Tx, TxState
from marketplace.kit.db import db, let_go
from marketplace.settings import settings

LARGEST_GROUP = 250
"""Rights in one transaction: 250 first issues use 13.2 M gas, and EIP-7825 allows 16.78 M."""
IN_FLIGHT = 32
"""Unmined transactions of one lane; nodes keep few of one sender."""


@dataclass
class Draft:
    """A transaction to be: calls of one role that travel together."""

    role: str
    signer: str
    """Whose key signs it: that of its lane, which may have left since."""
    contract: str
    function: str
    args: list[Any]
    items: list[Any] | None
    calls: list[int] = field(default_factory=list)
    nonce: int = -1
    max_fee: int = 0
    tip: int = 0
    raw: bytes = b""
    hash: str = ""

    @property
    def gas(self) -> int:
        if self.function == DEPLOY:
            return 5_000_000
        return 500_000 if self.items is None else 100_000 + 62_000 * len(self.items)

    def sign(self, nonce: int, max_fee: int, tip: int) -> None:
        """Become bytes. Not inside a transaction: whoever holds the key may be far away. Raises Unavailable."""
        self.nonce, self.max_fee, self.tip = nonce, max_fee, tip
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": settings().chain_id,
            "nonce": nonce,
            "gas": self.gas,
            "maxFeePerGas": max_fee,
            "maxPriorityFeePerGas": tip,
            "value": 0,
            "data": data(self.contract, self.function, self.args, self.items),
        }
        if self.function != DEPLOY:
            fields["to"] = register.address_of(self.contract)
        let_go()
        self.raw, self.hash = keys.known(self.role, self.signer).sign(fields)


def waiting(held: Held) -> tuple[list[Draft], dict[str, int]]:
    """What can be sent now, in the order promised, and the next nonce of each role."""
    session = db.session
    known, serving = register.contracts(), held.lanes.values()
    queued = session.execute(
        sa.select(Call.id, Call.role, Call.contract, Call.function, Call.args, Call.group_key, Call.item)
        .where(
            Call.role.in_(held.lanes),
            Call.state == CallState.QUEUED,
            due(),
            sa.or_(Call.function == DEPLOY, Call.contract.in_(known)),
        )
        .order_by(Call.id)
        .limit(LARGEST_GROUP * IN_FLIGHT)
    ).all()
    flying = Counter(
        session.scalars(
            sa.select(Lane.role)
            .join(Tx, Tx.lane_id == Lane.id)
            .where(Lane.id.in_(serving), Tx.state.in_((TxState.SIGNED, TxState.SENT)))
        )
    )
    lanes = session.execute(sa.select(Lane.role, Lane.signer, Lane.next_nonce).where(Lane.id.in_(serving))).all()
    signers = {role: signer for role, signer, _ in lanes}
    nonces = {role: nonce for role, _, nonce in lanes}
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
            draft = Draft(role, signers[role], name, function, args, [] if group else None)
            drafts.append(draft)
            if group:
                open_groups[travelling] = draft
        draft.calls.append(call_id)
        if draft.items is not None:
            draft.items.append(item)
    return drafts, nonces


def of(tx_id: int) -> Draft | None:
    """The draft that a stored transaction was signed from; None where its calls have left it."""
    query = sa.select(Call.role, Call.contract, Call.function, Call.args, Call.group_key, Call.item, Call.id)
    calls = db.session.execute(query.where(Call.tx_id == tx_id).order_by(Call.id)).all()
    signer = db.session.scalar(sa.select(Lane.signer).join(Tx).where(Tx.id == tx_id))
    let_go()
    if not calls or signer is None:
        return None
    role, name, function, args, group, _, _ = calls[0]
    items = [call.item for call in calls] if group else None
    return Draft(role, signer, name, function, args, items, [call.id for call in calls])


def due() -> sa.ColumnElement[bool]:
    """Of a call that waits: it may be sent now. What a paused contract would refuse is held back, and is no attempt."""
    its_time = sa.or_(Call.wait_until.is_(None), Call.wait_until <= time.time())
    return sa.and_(its_time, sa.not_(register.held_back()))
