"""Hash every block that we promised to keep again, each night, and put back what is lost or damaged.

A block has one right content, its name says which, so that it may come from anywhere: from a node that holds a copy,
from the facts that it was made of, from a CAR that somebody kept. Nothing is believed; everything is hashed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

import sqlalchemy as sa

from ipfs import resolver
from ipfs.blockstore import SqlBlockstore
from ipfs.car import CarReader
from ipfs.cid import CID, Block
from ipfs.errors import Corrupt, IpfsError, NotFound, ReplicaError, ReplicaUnreachable
from marketplace.journal.writing import note
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, get, let_go, lock, transaction, writing
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import sheet
from marketplace.metadata import amending
from marketplace.metadata.models import Pin, blocks
from marketplace.metadata.replicating import bring, nodes
from marketplace.outbox.promising import say

log = logging.getLogger(__name__)

NIGHT = 3
"""The hour in Japan after which each tree is due again."""
TREES_AT_ONCE = 20
"""Trees in one turn of the clock."""
BLOCKS_AT_ONCE = 200

Source = tuple[str, Callable[[CID], Block | None]]


@sheet(every=600, name="metadata.audit", asks="stores")
def audit_due() -> None:
    """Every tree that was not looked at since last night; a new one soon after it was published."""
    never = Pin.audited_at.is_(None)
    query = sa.select(Pin.id).where(sa.or_(never, Pin.audited_at < last_night(now())))
    due = list(db.session.scalars(query.order_by(Pin.audited_at, Pin.id).limit(TREES_AT_ONCE)))
    let_go()
    for pin_id in due:
        audit(pin_id)


def last_night(moment: datetime) -> datetime:
    """The newest NIGHT o'clock in Japan that is over."""
    night = jst(moment).replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night <= moment else night - timedelta(days=1)


def ask_for_all(by: str) -> None:
    """Staff's button: look at every tree and every copy now ⇢ metadata.audit_asked for each."""
    with transaction() as session:
        note("pins:all", "ask_for_audit", by=by)
        for pin_id in session.scalars(sa.select(Pin.id).order_by(Pin.id)):
            say("metadata.audit_asked", key=f"{pin_id}:{now().isoformat(timespec='seconds')}", pin_id=pin_id)


def audit(pin_id: int) -> int:
    """Hash each block of a tree again and mend what is broken; how many blocks could not be mended."""
    assert not writing(), "no network inside transaction()"
    pin = get(Pin, pin_id)
    root, sources = CID.parse(pin.root), _sources(pin)
    let_go()
    mended: dict[CID, tuple[Block, str]] = {}
    lost: list[CID] = []
    seen: set[CID] = set()
    level = [root]
    while level:
        following: list[CID] = []
        for cid, block in _look(level):
            if block is None:
                found = _from_anywhere(cid, sources)
                if found is None:
                    lost.append(cid)
                    continue
                mended[cid] = found
                block = found[0]
            following += resolver.children(block)
        seen |= set(level)
        level = [cid for cid in dict.fromkeys(following) if cid not in seen]
    _write(pin_id, mended, lost)
    return len(lost)


def look_outside(pin_id: int) -> None:
    """Check one tree on every node, and send it again where it is not whole."""
    for name, node in nodes().items():
        bring(pin_id, name, node)


def restore(car: BinaryIO) -> int:
    """Put back from a CAR what is lost or damaged of a tree that we pinned; how many blocks that were.

    LookupError where its root is none of ours; Malformed, Corrupt, BlockMissing for a CAR that is not whole.
    """
    reader = CarReader(car)
    pin_id = db.session.scalar(sa.select(Pin.id).where(Pin.root == str(reader.root)))
    let_go()
    if pin_id is None:
        raise LookupError(f"{reader.root} is not a tree of ours")
    given = {block.cid: block for block in reader}
    broken = [cid for cid, block in _look(list(given)) if block is None]
    _write(pin_id, {cid: (given[cid], "car") for cid in broken}, [])
    return len(broken)


def _look(cids: list[CID]) -> Iterator[tuple[CID, Block | None]]:
    """Each block as we keep it, None where it is lost or damaged."""
    for start in range(0, len(cids), BLOCKS_AT_ONCE):
        part = cids[start : start + BLOCKS_AT_ONCE]
        store = SqlBlockstore(db.session.connection(), blocks)
        try:
            found = dict(store.find(part))
        except Corrupt:
            found = {cid: block for cid in part if (block := _one(store, cid)) is not None}
        let_go()
        yield from ((cid, found.get(cid)) for cid in part)


def _one(store: SqlBlockstore, cid: CID) -> Block | None:
    try:
        return store.get(cid)
    except (Corrupt, NotFound):
        return None


def _sources(pin: Pin) -> list[Source]:
    """Where a block of this tree may come from: nodes first, then the facts; each is asked only when needed."""
    right_id, edition = pin.right_id, pin.edition
    made: dict[CID, Block] | None = None

    def from_facts(cid: CID) -> Block | None:
        nonlocal made
        if made is None:
            try:
                made = {block.cid: block for block in amending.recompose(right_id, edition).store}
            except (LookupError, Unavailable):  # the picture itself is gone, or not to be had now
                made = {}
            let_go()
        return made.get(cid)

    silent: set[str] = set()

    def from_node(name: str) -> Callable[[CID], Block | None]:
        def fetch(cid: CID) -> Block | None:
            if name in silent:
                return None
            try:
                return nodes()[name].fetch_verified(cid)
            except ReplicaUnreachable:
                silent.add(name)
            except ReplicaError:
                pass
            return None

        return fetch

    return [*((name, from_node(name)) for name in nodes()), ("facts", from_facts)]


def _from_anywhere(cid: CID, sources: list[Source]) -> tuple[Block, str] | None:
    for name, source in sources:
        try:
            if (block := source(cid)) is not None:
                return block, name
        except IpfsError as trouble:
            log.warning("block %s from %s: %s", cid, name, trouble)
    return None


def _write(pin_id: int, mended: dict[CID, tuple[Block, str]], lost: list[CID]) -> None:
    with transaction() as session:
        pin = lock(Pin, pin_id)
        if mended:
            names = [cid.multihash for cid in mended]
            for start in range(0, len(names), BLOCKS_AT_ONCE):
                part = names[start : start + BLOCKS_AT_ONCE]
                session.execute(sa.delete(blocks).where(blocks.c.multihash.in_(part)))
            SqlBlockstore(session.connection(), blocks).put(block for block, _ in mended.values())
            pin.mended_at = now()
            by_source: dict[str, int] = {}
            for _, source in mended.values():
                by_source[source] = by_source.get(source, 0) + 1
            note(pin.subject, "mend", root=pin.root, blocks=len(mended), sources=by_source)
            log.warning("mended %d blocks of %s from %s", len(mended), pin.root, by_source)
        if lost:
            note(pin.subject, "miss", root=pin.root, blocks=[str(cid) for cid in lost[:20]])
            log.error("%d blocks of %s are lost", len(lost), pin.root)
        pin.audited_at, pin.missing = now(), len(lost)
