"""Carry what was published to nodes outside, see that it arrived, and look again from time to time.

Without an IPFS_RPC_URL there is no node, and nothing here happens: the blocks are in our database, named and checkable,
but not on the IPFS network, and no page may say that they are. Only a replica that passed its checks changes that.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import current_app

from ipfs import car, resolver
from ipfs.blockstore import SqlBlockstore
from ipfs.cid import CID
from ipfs.errors import IpfsError, ReplicaError, ReplicaRefused, ReplicaUnreachable
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction, writing
from marketplace.kit.languages import _
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import sheet
from marketplace.metadata.models import Pin, Replica, ReplicaState, blocks
from marketplace.outbox.promising import say
from marketplace.rights.models import Right
from marketplace.settings import settings

if TYPE_CHECKING:
    from ipfs.rpc import KuboReplica

log = logging.getLogger(__name__)

AGAIN = timedelta(hours=1)
"""How old a check may be before it is made again."""
SAMPLE = 8
"""Blocks that one check reads back, beside the root."""
VERIFIED = sa.select(sa.func.count()).select_from(Replica).join(Pin).join(Right)
VERIFIED = VERIFIED.where(
    Right.id == sa.bindparam("right"),
    Right.metadata_uri == sa.literal("ipfs://").concat(Pin.root).concat("/"),
    Replica.state == ReplicaState.VERIFIED,
)
"""How many nodes hold the tree of :right, for whoever asks for more of it in the same statement."""


def nodes() -> dict[str, KuboReplica]:
    """The nodes of the settings by their address without credentials; none in the embedded default."""
    found: dict[str, KuboReplica] = current_app.extensions["hiroba.ports"].ipfs_nodes
    return found


def replicate(right_id: int) -> None:
    """Bring a right's trees to every node and check them there. Unavailable where a node is silent: try later."""
    pins = list(db.session.scalars(sa.select(Pin.id).where(Pin.right_id == right_id).order_by(Pin.edition)))
    silent = [error for name, node in nodes().items() for pin_id in pins if (error := bring(pin_id, name, node))]
    if silent:
        raise Unavailable("; ".join(silent))


@sheet(every=300, name="metadata.look_after_replicas", asks="stores")
def look_after_replicas() -> None:
    """Check each tree on each node once an hour, and send again what has been lost there or never arrived."""
    _forget_others()
    for name, node in nodes().items():
        for pin_id in _due(name):
            if bring(pin_id, name, node):
                break  # the node is silent: no use in asking it for the others now


def _forget_others() -> None:
    """What stood on a node that the settings name no more is not looked at any more: no page may go on telling it."""
    others = sa.select(Replica.id).where(Replica.node.not_in(list(nodes()))).order_by(Replica.id)
    gone = list(db.session.scalars(others))
    let_go()
    if not gone:
        return
    with transaction() as session:
        for replica_id in gone:
            replica = lock(Replica, replica_id)
            note(replica.subject, "forget_replica", node=replica.node, root=replica.pin.root, state=str(replica.state))
            session.delete(replica)


def ready(right_id: int) -> bool:
    """Whether tokens of this right may be minted: published, and held by as many nodes as the settings ask for."""
    wanted = settings().min_replicas
    return get(Right, right_id).metadata_uri is not None and (wanted == 0 or verified(right_id) >= wanted)


def verified(right_id: int) -> int:
    """How many nodes outside hold the tree that the right's tokens point to, as of their last check."""
    return db.session.scalar(VERIFIED, {"right": right_id}) or 0


def standing(right_id: int, held: int | None = None) -> str:
    """What a page may say of where the documents are: never more than was checked. `held`: verified(), where it is
    known already."""
    if get(Right, right_id).metadata_uri is None:
        return _("準備中です")
    held = verified(right_id) if held is None else held
    if held:
        return _("IPFSネットワークの%(held)sか所で保存を確認しています", held=held)
    return _("内容アドレス済み・検証可能（IPFSネットワーク未公開）")


def _due(node: str) -> list[int]:
    """Pins that this node should hold and that were not found whole there within the last hour, oldest first."""
    on_node = sa.and_(Replica.pin_id == Pin.id, Replica.node == node)
    query = (
        sa.select(Pin.id)
        .outerjoin(Replica, on_node)
        .where(sa.or_(Replica.checked_at.is_(None), Replica.checked_at <= now() - AGAIN))
        .order_by(Replica.checked_at, Pin.id)
    )
    due = list(db.session.scalars(query))
    let_go()
    return due


def bring(pin_id: int, name: str, node: KuboReplica) -> str | None:
    """Check one tree on one node, send it where it is not whole, write down how it went; the error of a silent node."""
    assert not writing(), "no network inside transaction()"
    root = CID.parse(get(Pin, pin_id).root)
    error: IpfsError | None = None
    try:
        if not _is_whole(node, root):
            store = SqlBlockstore(db.session.connection(), blocks)
            node.push_car(root, car.export(store, root))
            _check(node, root)
    except ReplicaError as trouble:
        error = trouble
        log.warning("replica %s of %s: %s", name, root, trouble)
    except IpfsError as trouble:  # our own copy is damaged: said loudly, and the other trees are still looked after
        error = trouble
        log.error("our own copy of %s: %s", root, trouble)
    finally:
        let_go()
    _write(pin_id, name, error)
    return str(error) if isinstance(error, ReplicaUnreachable) else None


def _is_whole(node: KuboReplica, root: CID) -> bool:
    if not node.pinned(root):
        return False
    try:
        _check(node, root)
    except ReplicaRefused:
        return False
    return True


def _check(node: KuboReplica, root: CID) -> None:
    """Read the root and a sample of the rest back: other blocks each hour, so that each of them has its turn.

    ReplicaRefused where anything is missing or false.
    """
    if not node.pinned(root):
        raise ReplicaRefused(f"the node does not promise to keep {root}")
    cids = [block.cid for block in resolver.walk(SqlBlockstore(db.session.connection(), blocks), root)]
    step = max(1, len(cids) // SAMPLE)
    hour = int(now().timestamp() // AGAIN.total_seconds())
    for cid in dict.fromkeys((root, *cids[hour % step :: step])):
        node.fetch_verified(cid)


def _write(pin_id: int, node: str, error: IpfsError | None) -> None:
    with transaction() as session:
        insert_once(Replica, {"pin_id": pin_id, "node": node, "state": ReplicaState.WAITING})
        found = sa.select(Replica.id).where(Replica.pin_id == pin_id, Replica.node == node)
        replica = lock(Replica, session.scalars(found).one())
        replica.checked_at = now()
        replica.error = str(error)[:500] if error else None
        if error is not None and not isinstance(error, ReplicaError):  # our own copy: mend it, then try again
            say("metadata.audit_asked", key=f"{pin_id}:{now():%Y-%m-%dT%H}", pin_id=pin_id)
        if error is None:
            replica.verified_at = now()
            if replica.state != ReplicaState.VERIFIED:
                move(replica, "verify", node=node, root=replica.pin.root)
        elif isinstance(error, ReplicaRefused) and replica.state == ReplicaState.VERIFIED:
            move(replica, "lose", why=str(error)[:200], node=node, root=replica.pin.root)
