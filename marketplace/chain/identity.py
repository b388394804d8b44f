"""Is it our chain that answers? Asked before anything is read from a node and before anything is sent to it.

A number alone does not tell: a process left over on the port, or a test chain of somebody else, may have the same one.
So the hash of block 1 is kept. A chain of our own that was lost is taken for ours where it is empty, or where its
first block holds what we sent: it is being told its whole history again (sending.py). One that begins with what we do
not know is not ours.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.chain import alarms
from marketplace.chain.models import Genesis, Outbid, Trouble, Tx
from marketplace.chain.node import Header, Node, node
from marketplace.kit.db import db, insert_once, let_go, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.settings import settings


class WrongChain(Unavailable):
    """Another chain than ours answers. Nothing is read from it and nothing sent until ours is back."""


class Behind(Unavailable):
    """The node has not come as far as it, or one beside it, was before. What it does not have yet is not gone."""


def confirm() -> Node:
    """The node, if it is our chain's. Raises WrongChain, and puts it before the staff at once; raises Unavailable."""
    ours, here = settings().chain_id, node()
    found = here.identity()
    if found.chain_id != ours:
        raise _wrong(f"CHAIN_URL answers for chain {found.chain_id}, and CHAIN_ID says {ours}")
    known = db.session.scalar(sa.select(Genesis.hash).where(Genesis.chain_id == ours)) or ""
    let_go()
    if known != found.first:
        if known and not (settings().chain_embedded and _are_ours(found.txs, empty=not found.first)):
            raise _wrong(f"CHAIN_URL answers for another chain {ours}: block 1 is {found.first or 'missing'}")
        _remember(ours, found.first)
    alarms.over(Trouble.IDENTITY)
    return here


def stands(number: int, known: str, there: Header | None) -> bool:
    """Whether block `number` is the one that we know by this hash; `there` is what the node has at that height.

    A chain of our own that has no such height fell back. Of one that others keep, the node is only behind: nothing is
    taken back before another block is seen there. Raises Behind.
    """
    if there is None and not settings().chain_embedded:
        raise Behind(f"chain: the node is behind: it has no block {number}, and it was seen before")
    return there is not None and there.hash == known


def difference() -> str:
    """Why what answers is not our chain; "" where it is. Nothing is written, no alarm sounds. Raises Unavailable."""
    ours, there = settings().chain_id, node().identity()
    known = db.session.scalar(sa.select(Genesis.hash).where(Genesis.chain_id == ours)) or ""
    let_go()
    if there.chain_id != ours:
        return f"CHAIN_URL answers for chain {there.chain_id}, CHAIN_ID says {ours}"
    if known and there.first and known != there.first:
        return f"block 1 is {there.first}, and was {known}"
    return ""


def _are_ours(txs: list[str], *, empty: bool) -> bool:
    """Whether a first block holds nothing but transactions that we sent."""
    sent = sa.union_all(sa.select(Tx.hash).where(Tx.hash.in_(txs)), sa.select(Outbid.hash).where(Outbid.hash.in_(txs)))
    ours = set(db.session.scalars(sent))
    let_go()
    return empty or (bool(txs) and ours == set(txs))


def _remember(chain_id: int, first: str) -> None:
    with transaction() as session:
        insert_once(Genesis, {"chain_id": chain_id, "hash": first})
        session.execute(sa.update(Genesis).where(Genesis.chain_id == chain_id).values(hash=first))


def _wrong(why: str) -> WrongChain:
    alarms.sound(Trouble.IDENTITY, why)
    return WrongChain(f"chain: {why}")
