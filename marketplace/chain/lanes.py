"""Lanes: one signer, one row of nonces, one process at a time.

A process takes its lanes for some seconds, so that it may speak to the network without a transaction open. The lease
only keeps processes from doing the same work twice; that nothing happens twice if it runs out is the business of the
conditional updates in sending.py and settling.py.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.chain import keys, register
from marketplace.chain.models import Call, CallState, Lane, LaneState
from marketplace.chain.node import node
from marketplace.journal.writing import note
from marketplace.kit.db import db, insert_once, let_go, lock, transaction
from marketplace.settings import settings


class LostLease(Exception):
    """Another process took the lanes over: stop here, it does the rest."""


@dataclass(frozen=True)
class Held:
    """The lanes that this process holds."""

    token: str
    seconds: float
    ids: list[int]
    """All of them: what a key signed before it left is still on its way."""
    lanes: dict[str, int]
    """Those that served when they were taken: role to lane id."""

    def __bool__(self) -> bool:
        return bool(self.ids)

    def renew(self) -> None:
        """Hold on for another lease. Raises LostLease."""
        with transaction() as session:
            still = session.scalars(
                sa.update(Lane)
                .where(Lane.id.in_(self.ids), Lane.lease_by == self.token)
                .values(lease_until=time.time() + self.seconds)
                .returning(Lane.id)
            ).all()
        if len(still) != len(self.ids):
            raise LostLease


def open_lane(role: str) -> str:
    """Make the key and the lane of a role, once; the signer's address.

    The first nonce is the chain's count: a key may have been used before this database was made.
    """
    known = register.signer_of(role)
    let_go()
    if known is not None:
        return known
    address = keys.signer(role).address
    nonce = node().next_nonce(address)
    row = {"chain_id": settings().chain_id, "role": role, "signer": address, "next_nonce": nonce, "ours_from": nonce}
    with transaction():
        insert_once(Lane, row)
    return address


def open_wanted() -> None:
    """Open a lane for each role that has something to send and none yet."""
    here = sa.select(Lane.role).where(Lane.chain_id == settings().chain_id, Lane.state == LaneState.SERVING)
    wanted = sa.select(Call.role).where(Call.state == CallState.QUEUED, Call.role.not_in(here)).distinct()
    roles = list(db.session.scalars(wanted))
    let_go()
    for role in roles:
        open_lane(role)


def leave_open() -> None:
    """In a database that was put back: where its keys are now is the chain's to say."""
    with transaction() as session:
        session.execute(sa.update(Lane).values(ours_from=None))


def catch_up() -> None:
    """Go on where the chain is with each key of a database that was put back. Raises Unavailable."""
    here = sa.select(Lane.id, Lane.signer).where(Lane.chain_id == settings().chain_id, Lane.ours_from.is_(None))
    behind = db.session.execute(here.order_by(Lane.id)).all()
    let_go()
    for lane_id, signer in behind:
        go_on_after(lane_id, None, node().next_nonce(signer), "key.catch_up")


def go_on_after(lane_id: int, known: int | None, used: int, event: str) -> bool:
    """Count the first `used` nonces of the key as the town's own, and give out those after them; `event` is written
    down. False where it is not as it was when somebody looked (`known`: Lane.ours_from): another process did it.

    Never a smaller nonce than before: what was given out is on its way.
    """
    with transaction():
        lane = lock(Lane, lane_id)
        if lane.ours_from != known:
            return False
        before, lane.next_nonce = lane.next_nonce, max(lane.next_nonce, used)
        lane.ours_from = lane.next_nonce
        note(lane.subject, event, signer=lane.signer, before=before, now=lane.next_nonce)
        return True


@contextmanager
def held(seconds: float) -> Iterator[Held]:
    """Take every lane of this chain that nobody holds; give them back at the end."""
    token = secrets.token_hex(8)
    free = sa.or_(Lane.lease_until.is_(None), Lane.lease_until <= time.time())
    with transaction() as session:
        taken = session.execute(
            sa.update(Lane)
            .where(Lane.id.in_(_in_order(Lane.chain_id == settings().chain_id, free)))
            .values(lease_by=token, lease_until=time.time() + seconds)
            .returning(Lane.id, Lane.role, Lane.state)
        ).all()
    lanes = {role: lane_id for lane_id, role, state in taken if state == LaneState.SERVING}
    try:
        yield Held(token, seconds, [lane_id for lane_id, _, _ in taken], lanes)
    finally:
        let_go()
        with transaction() as session:
            ours = _in_order(Lane.lease_by == token)
            session.execute(sa.update(Lane).where(Lane.id.in_(ours)).values(lease_by=None, lease_until=None))


def _in_order(*which: sa.ColumnElement[bool]) -> sa.Select[int]:
    """Locked by their ids: two who take or give back several at once would else each wait for what the other has."""
    return sa.select(sa.select(Lane.id).where(*which).order_by(Lane.id).with_for_update().cte("in_order").c.id)
