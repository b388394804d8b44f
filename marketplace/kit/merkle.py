"""A Merkle tree over SHA-256 in the manner of RFC 6962: leaves and nodes hashed under different first bytes.

leaf = H(0x00 || data), node = H(0x01 || left || right); an odd node moves up unchanged; no leaves: H("").
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from typing import Literal, NamedTuple

SIZE = 32
"""Bytes of a node. A level is its nodes end to end, since a million bytes objects would be three times as large."""
PAIR = 2 * SIZE
SUBTREE = 4096
"""Leaves of a portion: a power of two, so that its top is a node of the whole tree."""


class Step(NamedTuple):
    """One sibling on the way from a leaf to the root, and the side on which it stands."""

    side: Literal["left", "right"]
    hash: bytes


def leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def _above(level: bytes | bytearray) -> bytearray:
    above = bytearray()
    whole = len(level) - len(level) % PAIR
    for start in range(0, whole, PAIR):
        above += sha256(b"\1" + level[start : start + PAIR]).digest()
    above += level[whole:]
    return above


def _top(level: bytes | bytearray) -> bytes:
    while len(level) > SIZE:
        level = _above(level)
    return bytes(level) or sha256(b"").digest()


class Climber:
    """The root of leaves that come in portions, in little memory: each portion is a subtree and becomes one node."""

    def __init__(self) -> None:
        self._nodes = bytearray()

    def add(self, leaves: Sequence[bytes]) -> None:
        """The next SUBTREE leaves; the last time, fewer."""
        self._nodes += _top(b"".join(leaves))

    def root(self) -> bytes:
        return _top(self._nodes)


def root(leaves: Iterable[bytes]) -> bytes:
    """The 32 bytes that stand for all leaves in their order."""
    tree, leaves = Climber(), iter(leaves)
    while portion := list(islice(leaves, SUBTREE)):
        tree.add(portion)
    return tree.root()


class Tree:
    """Every level of a tree, about 64 bytes for each leaf: a path costs no more hashing."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [b"".join(leaves)]
        while len(self._levels[-1]) > SIZE:
            self._levels.append(bytes(_above(self._levels[-1])))

    def __len__(self) -> int:
        return len(self._levels[0]) // SIZE

    @property
    def root(self) -> bytes:
        return _top(self._levels[-1])

    def path(self, index: int) -> list[Step]:
        """The siblings by which the holder of leaf `index` alone can recompute the root.

        Raises IndexError where there is no such leaf.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        steps: list[Step] = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            node = level[sibling * SIZE : sibling * SIZE + SIZE]
            if node:
                steps.append(Step("left" if sibling < index else "right", node))
            index //= 2
        return steps


def climb(start: bytes, steps: Iterable[Step]) -> bytes:
    """The root that a leaf and its path lead to; equal to the published root if the leaf is in the tree."""
    here = start
    for side, sibling in steps:
        left, right = (sibling, here) if side == "left" else (here, sibling)
        here = sha256(b"\1" + left + right).digest()
    return here
