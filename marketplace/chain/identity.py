"""Is it our chain that answers? Asked before anything is read from a node and before anything is sent to it.

A number alone does not tell: a process left over on the port, or a test chain of somebody else, may have the same one.
So the hash of the first block is kept. A chain of our own that was lost and starts from nothing is taken for ours, and
is told its whole history again (sending.py); one with blocks that we do not know is not.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.chain import alarms
from marketplace.chain.models import Genesis, Trouble
from marketplace.chain.node import Node, node
from marketplace.kit.db import db, insert_once, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.settings import settings


class WrongChain(Unavailable):
    """Another chain than ours answers. Nothing is read from it and nothing sent until ours is back."""


def confirm() -> Node:
    """The node, if it is our chain's. Raises WrongChain, and puts it before the staff at once; raises Unavailable."""
    ours, here = settings().chain_id, node()
    chain_id, genesis = here.identity()
    if chain_id != ours:
        raise _wrong(f"CHAIN_URL answers for chain {chain_id}, and CHAIN_ID says {ours}")
    known = db.session.scalar(sa.select(Genesis.hash).where(Genesis.chain_id == ours))
    db.session.rollback()
    if known != genesis:
        if known is not None and not (settings().chain_embedded and here.head().number == 0):
            raise _wrong(f"CHAIN_URL answers for another chain {ours}: its first block is {genesis}, not {known}")
        _remember(ours, genesis)
    alarms.over(Trouble.IDENTITY)
    return here


def _remember(chain_id: int, genesis: str) -> None:
    with transaction() as session:
        insert_once(Genesis, {"chain_id": chain_id, "hash": genesis})
        session.execute(sa.update(Genesis).where(Genesis.chain_id == chain_id).values(hash=genesis))


def _wrong(why: str) -> WrongChain:
    alarms.sound(Trouble.IDENTITY, why)
    return WrongChain(f"chain: {why}")
