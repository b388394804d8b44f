"""A command at a terminal waits until the chain has done what it promised, and does the sender's work meanwhile."""

from __future__ import annotations

import time

import sqlalchemy as sa

from marketplace.chain import sending
from marketplace.chain.keys import NoKey
from marketplace.chain.models import Call, CallState, Tx
from marketplace.chain.node import node
from marketplace.kit.db import db, let_go
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import settings

SECONDS = 60.0
BLOCK_SECONDS = 15.0
"""A block takes no longer, on any chain that a town is likely to use."""


def until_mined(otherwise: str, *prefixes: str) -> None:
    """Until every call whose key begins so is mined. `otherwise` says what is not so yet, where that takes too long.

    Whoever runs the command again goes on waiting. Raises Unavailable, Rejected where one was given up.
    """
    until = time.monotonic() + SECONDS
    these = _with(prefixes)
    while True:
        why = "the chain does not mine them"
        try:
            sending.work()
        except NoKey as missing:  # of another role, mostly: a key that was lost may be what is being replaced
            why = str(missing)
        states = set(db.session.scalars(sa.select(Call.state).where(these)))
        let_go()
        if states == {CallState.MINED}:
            return
        if CallState.PARKED in states:
            reasons = db.session.scalars(sa.select(Call.error).where(these, Call.state == CallState.PARKED))
            raise Rejected(f"{otherwise}: {'; '.join(map(str, reasons))} (/staff/outbox has the button to try again)")
        if time.monotonic() > until:
            raise Unavailable(f"{otherwise} yet: {why}")
        time.sleep(0.02)


def until_settled(otherwise: str, *prefixes: str) -> None:
    """Until they are mined, and as deep as the town wants a block before it counts. Raises as until_mined."""
    confirmations = settings().chain_confirmations
    until = time.monotonic() + SECONDS + confirmations * BLOCK_SECONDS
    while True:
        until_mined(otherwise, *prefixes)
        last = db.session.scalar(sa.select(sa.func.max(Tx.block_number)).join(Call).where(_with(prefixes))) or 0
        let_go()
        if node().head().number - confirmations >= last:
            return
        if time.monotonic() > until:
            raise Unavailable(f"{otherwise} for good yet: {confirmations} blocks must follow, and do not")
        time.sleep(1.0)


def _with(prefixes: tuple[str, ...]) -> sa.ColumnElement[bool]:
    return sa.or_(*(Call.key.startswith(prefix) for prefix in prefixes))
