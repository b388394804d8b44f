"""A published record is fixed on chain by one hash, so that nobody, we included, can rewrite it unseen."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa
from eth_hash.auto import keccak

from marketplace.chain import register
from marketplace.chain.contract import ANCHORS, call
from marketplace.chain.identity import confirm
from marketplace.chain.models import Call, CallState, Tx
from marketplace.chain.sending import promise
from marketplace.kit.db import db

NOBODY = "0x" + "0" * 40


def anchor(name: str, root: str, uri: str = "") -> None:
    """Fix `root` (32 bytes, hex) for the record `name`, e.g. "draw:LST-7K3M9Q", inside a transaction, once for ever.

    On chain the subject is the Keccak-256 of the name; `uri` says where the record is published.
    """
    promise(f"anchor:{name}", "anchorer", ANCHORS, "anchor", [_subject(name), "0x" + root, uri])


class Anchored(NamedTuple):
    """`root` as promised; the transaction and its block once they are known."""

    root: str
    subject: str
    tx_hash: str | None
    block: int | None


def anchored(name: str) -> Anchored | None:
    """What anchor() was asked for the record `name`; None where it was not."""
    return anchored_all([name]).get(name)


def anchored_all(names: Collection[str]) -> dict[str, Anchored]:
    """The same for many records, by their names."""
    rows = db.session.execute(
        sa.select(Call.key, Call.args, Tx.hash, Tx.block_number)
        .outerjoin(Tx, sa.and_(Tx.id == Call.tx_id, Call.state == CallState.MINED))
        .where(Call.key.in_([f"anchor:{name}" for name in names]))
    )
    return {
        row.key.removeprefix("anchor:"): Anchored(row.args[1], row.args[0], row.hash, row.block_number) for row in rows
    }


def fixed_on_chain(name: str) -> str | None:
    """The root (32 bytes, hex) that the contract itself holds for the record `name`; None where it holds none.

    Asks the node, whose chain must be ours. Raises Unavailable.
    """
    here = confirm()
    root = here.call(NOBODY, register.address_of(ANCHORS), call(ANCHORS, "rootOf", [_subject(name)])).hex()
    return root if root.strip("0") else None


def _subject(name: str) -> str:
    return "0x" + keccak(name.encode()).hex()
