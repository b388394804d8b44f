"""Somebody who copied a key of the town, and asks the node directly. Or the town itself, by a wallet."""

from __future__ import annotations

from typing import Any

from marketplace.chain import contract, keys, register
from marketplace.chain.node import node
from marketplace.kit.db import db
from marketplace.settings import settings
from tests.local_chain import LocalChain


def uses_the_key_of(
    role: str, chain: LocalChain, name: str, function: str, *args: Any, signer: str | None = None
) -> None:
    """One transaction, mined, with the next number that the chain has for the key: the one that serves, or another one
    of this role."""
    signer, where = signer or register.signer_of(role), register.address_of(name)
    db.session.rollback()
    assert signer is not None
    fields = {"type": 2, "chainId": settings().chain_id, "gas": 500_000, "value": 0, "to": where}
    free = {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "nonce": node().next_nonce(signer)}
    raw, sent = keys.known(role, signer).sign(fields | free | {"data": contract.call(name, function, args)})
    assert node().send([raw]) == [""]
    assert chain.mined(sent)["status"] == "0x1"
