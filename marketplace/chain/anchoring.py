"""A published record is fixed on chain by one hash, so that nobody, we included, can rewrite it unseen."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from eth_hash.auto import keccak

from marketplace.chain.contract import ANCHORS
from marketplace.chain.models import Call, CallState, Tx
from marketplace.chain.sending import promise
from marketplace.kit.db import db


def anchor(name: str, root: str, uri: str = "") -> None:
    """Fix `root` (32 bytes, hex) for the record `name`, e.g. "draw:LST-7K3M9Q", inside a transaction, once for ever.

    On chain the subject is the Keccak-256 of the name; `uri` says where the record is published.
    """
    promise(f"anchor:{name}", "anchorer", ANCHORS, "anchor", ["0x" + keccak(name.encode()).hex(), "0x" + root, uri])


class Anchored(NamedTuple):
    """`root` as promised; the transaction and its block once they are known."""

    root: str
    subject: str
    tx_hash: str | None
    block: int | None


def anchored(name: str) -> Anchored | None:
    """What anchor() was asked for the record `name`; None where it was not."""
    row = db.session.execute(
        sa.select(Call.args, Tx.hash, Tx.block_number)
        .outerjoin(Tx, sa.and_(Tx.id == Call.tx_id, Call.state == CallState.MINED))
        .where(Call.key == f"anchor:{name}")
    ).first()
    return Anchored(row.args[1], row.args[0], row.hash, row.block_number) if row else None
