"""A Merkle tree over SHA-256 in the manner of RFC 6962: leaves and nodes hashed under different first bytes.

leaf = H(0x00 || data), node = H(0x01 || left || right); an odd node moves up unchanged; no leaves: H("").
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Literal, NamedTuple


class Step(NamedTuple):
    """One sibling on the way from a leaf to the root, and the side on which it stands."""

    side: Literal["left", "right"]
    hash: bytes


def leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def _above(level: list[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [sha256(b"\1" + left + right).digest() for left, right in pairs]
    if len(level) % 2:
        above.append(level[-1])
    return above


def root(leaves: Iterable[bytes]) -> bytes:
    """The 32 bytes that stand for all leaves in their order."""
    level = list(leaves)
    if not level:
        return sha256(b"").digest()
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(leaves: Iterable[bytes], index: int) -> list[Step]:
    """The siblings by which the holder of leaf `index` alone can recompute the root.

    Raises IndexError where there is no such leaf.
    """
    level = list(leaves)
    if not 0 <= index < len(level):
        raise IndexError(index)
    steps: list[Step] = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            steps.append(Step("left" if sibling < index else "right", level[sibling]))
        level, index = _above(level), index // 2
    return steps


def climb(start: bytes, steps: Iterable[Step]) -> bytes:
    """The root that a leaf and its path lead to; equal to the published root if the leaf is in the tree."""
    here = start
    for side, sibling in steps:
        left, right = (sibling, here) if side == "left" else (here, sibling)
        here = sha256(b"\1" + left + right).digest()
    return here
