"""The public randomness of a draw: drand's quicknet beacon, one round every three seconds.

A threshold of independent bodies signs each round number; nobody can know a signature before its time, nobody can
choose it, and anyone can check it with the public key below. https://docs.drand.love/docs/specification/
"""

from __future__ import annotations

import sys
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from typing import Any, NamedTuple

DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"  # scheme bls-unchained-g1-rfc9380


class Chain(NamedTuple):
    """A beacon of that scheme: its hash (hex), unix seconds of round 1, seconds between rounds, key (96 bytes)."""

    hash: str
    genesis: int
    period: int
    key: bytes

    def round_at(self, moment: datetime) -> int:
        """The round that a draw at this time uses: the first one that is not yet public a moment before.

        Raises ValueError for a time without a zone, or before the beacon began.
        """
        if moment.tzinfo is None:
            raise ValueError("a draw's time needs its zone")
        seconds = int(moment.timestamp() // 1) - self.genesis
        if seconds < 0:
            raise ValueError("the beacon had not begun")
        return seconds // self.period + 1

    def genuine(self, round_number: int, signature: bytes) -> bool:
        """Whether `signature` (48 bytes) is the chain's own for this round: e(signature, g2) = e(H(round), key).

        Takes a good part of a second: call it outside any transaction. Works without network.
        """
        return len(signature) == 48 and 0 < round_number < 2**64 and _paired(self.key, round_number, signature)


QUICKNET = Chain(
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    1692803367,
    3,
    bytes.fromhex(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
        "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
)


def randomness(signature: bytes) -> bytes:
    return sha256(signature).digest()


def message(round_number: int) -> bytes:
    """What the beacon signs."""
    return sha256(round_number.to_bytes(8, "big")).digest()


@lru_cache(maxsize=256)  # the same few draws are checked again and again
def _paired(public_key: bytes, round_number: int, signature: bytes) -> bool:
    points, curve, hash_to_g1 = mathematics()
    try:
        signed = points.pubkey_to_G1(signature)  # py_ecc's word for reading 48 bytes as a point of G1
    except ValueError:
        return False
    if not points.subgroup_check(signed):
        return False
    hashed = hash_to_g1(message(round_number), DST, sha256)
    key = points.signature_to_G2(public_key)  # and for reading 96 bytes as a point of G2
    both = curve.pairing(curve.G2, signed, False) * curve.pairing(key, curve.neg(hashed), False)
    return bool(curve.final_exponentiate(both) == curve.FQ12.one())


def mathematics() -> tuple[Any, Any, Any]:
    """Slow to import, and needed only here.

    py_ecc raises the recursion limit of the whole process to 100,000, with which a stranger's nested JSON overflows the
    stack and kills it. Its own work needs no such depth.
    """
    limit = sys.getrecursionlimit()
    try:
        points = import_module("py_ecc.bls.g2_primitives")
        curve = import_module("py_ecc.optimized_bls12_381")
        hashing = import_module("py_ecc.bls.hash_to_curve")
    finally:
        sys.setrecursionlimit(limit)
    return points, curve, hashing.hash_to_G1
