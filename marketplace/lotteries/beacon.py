"""The public randomness of a draw: drand's quicknet beacon, one round every three seconds.

A threshold of independent bodies signs each round number; nobody can know a signature before its time, nobody can
choose it, and anyone can check it with the public key below. https://docs.drand.love/docs/specification/
"""

from datetime import datetime
from hashlib import sha256
from importlib import import_module
from typing import Any

CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS = 1692803367  # unix seconds of round 1
PERIOD = 3  # seconds
PUBLIC_KEY = bytes.fromhex(
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"  # scheme bls-unchained-g1-rfc9380


def round_at(moment: datetime) -> int:
    """The round that a draw at this time uses: the first one that is not yet public a moment before.

    Raises ValueError for a time without a zone, or before the beacon began.
    """
    if moment.tzinfo is None:
        raise ValueError("a draw's time needs its zone")
    seconds = int(moment.timestamp() // 1) - GENESIS
    if seconds < 0:
        raise ValueError("the beacon had not begun")
    return seconds // PERIOD + 1


def randomness(signature: bytes) -> bytes:
    return sha256(signature).digest()


def genuine(round_number: int, signature: bytes) -> bool:
    """Whether `signature` (48 bytes) is quicknet's own for this round: e(signature, g2) = e(H(round), public key).

    Takes a good part of a second: call it outside any transaction. Works without network.
    """
    if len(signature) != 48 or not 0 < round_number < 2**64:
        return False
    # slow to import, and needed only here
    points: Any = import_module("py_ecc.bls.g2_primitives")
    curve: Any = import_module("py_ecc.optimized_bls12_381")
    hash_to_g1 = import_module("py_ecc.bls.hash_to_curve").hash_to_G1
    try:
        signed = points.pubkey_to_G1(signature)  # py_ecc's word for reading 48 bytes as a point of G1
    except ValueError:
        return False
    if not points.subgroup_check(signed):
        return False
    hashed = hash_to_g1(sha256(round_number.to_bytes(8, "big")).digest(), DST, sha256)
    key = points.signature_to_G2(PUBLIC_KEY)  # and for reading 96 bytes as a point of G2
    both = curve.pairing(curve.G2, signed, False) * curve.pairing(key, curve.neg(hashed), False)
    return bool(curve.final_exponentiate(both) == curve.FQ12.one())
