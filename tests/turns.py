"""Everybody's turns, in this process: the worker's, the sender's and the follower's, until nothing moves any more."""

from __future__ import annotations

import time

import sqlalchemy as sa

from marketplace.chain import following, sending
from marketplace.chain.models import Tx, TxState
from marketplace.kit.db import db, let_go
from marketplace.outbox import keeping
from tests.processes import LONG


def settle() -> None:
    """All that was promised has been kept, sent, mined and read. A node answers before it has mined what it took."""
    until = time.monotonic() + LONG
    while keeping.drain() + sending.work() + following.follow_once() or on_its_way():
        assert time.monotonic() < until, "something keeps moving, or is never mined"


def on_its_way() -> bool:
    open_ = sa.select(Tx.id).where(Tx.state.in_((TxState.SIGNED, TxState.SENT))).limit(1)
    found = db.session.scalar(open_) is not None
    let_go()
    return found
