"""A published record is fixed on chain by one hash, so that nobody, we included, can rewrite it unseen."""

from __future__ import annotations

from eth_hash.auto import keccak

from marketplace.chain.contract import ANCHORS
from marketplace.chain.sending import promise


def anchor(name: str, root: str, uri: str = "") -> None:
    """Fix `root` (32 bytes, hex) for the record `name`, e.g. "draw:LST-7K3M9Q", inside a transaction, once for ever.

    On chain the subject is the Keccak-256 of the name; `uri` says where the record is published.
    """
    promise(f"anchor:{name}", "anchorer", ANCHORS, "anchor", ["0x" + keccak(name.encode()).hex(), "0x" + root, uri])
