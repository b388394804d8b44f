"""Wallets that are contracts have no key: whether a signature is theirs, they say themselves when asked (EIP-1271).

Asked of our own chain, where the right is to go: a contract at the same address of another chain is somebody else's.
https://eips.ethereum.org/EIPS/eip-1271
"""

from __future__ import annotations

from marketplace.chain import identity
from marketplace.chain.node import NodeRefuses
from marketplace.tokens.models import NOBODY

YES = bytes.fromhex("1626ba7e")
"""bytes4(keccak256("isValidSignature(bytes32,bytes)")): what is called, and what a contract that agrees answers."""
WORD = 32


def agrees(address: str, digest: bytes, signature: bytes) -> bool | None:
    """Whether the contract at `address` calls the signature of the 32 bytes its own; None where there is none.

    Never inside transaction(): the chain is asked. Raises Unavailable, also where another chain answers.
    """
    here = identity.confirm()
    if not here.code(address):
        return None
    try:
        answer = here.call(NOBODY, address, question(digest, signature))
    except NodeRefuses:  # it reverts, or never comes to an end
        return False
    return answer[:WORD] == YES.ljust(WORD, b"\0")


def question(digest: bytes, signature: bytes) -> bytes:
    """The call isValidSignature(digest, signature). https://docs.soliditylang.org/en/latest/abi-spec.html"""
    padded = signature + bytes(-len(signature) % WORD)
    return YES + digest + (2 * WORD).to_bytes(WORD, "big") + len(signature).to_bytes(WORD, "big") + padded
