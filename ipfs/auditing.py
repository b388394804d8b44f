"""Look at every block again: what a place holds of a tree, and all that is missing or damaged, not only the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ipfs import resolver
from ipfs.blockstore import LARGEST_BLOCK
from ipfs.cid import CID, Block, check_block
from ipfs.errors import BlockMissing, Corrupt, IpfsError, ReplicaUnreachable, TooLarge

MOST_BLOCKS: Final = 1_000_000
SUFFIXES: Final = ("", ".bin", ".raw")  # a gateway offers a block for saving as <cid>.bin


@dataclass(slots=True)
class Audit:
    """What was found of one tree: blocks that are right, their bytes, and what is wrong with the others."""

    root: CID
    blocks: int = 0
    bytes: int = 0
    faults: dict[CID, str] = field(default_factory=dict)


def audit(root: CID, get: Callable[[CID], Block], seen: Callable[[Block], None] = lambda block: None) -> Audit:
    """Get every block below a root and hash it. What lies below a bad block can't be known, and is not counted.

    *get* raises for a block that is missing or damaged; that becomes a fault. ReplicaUnreachable passes through: a node
    that is silent has shown nothing. Raises TooLarge above MOST_BLOCKS.
    """
    found = Audit(root)
    stack, met = [root], {root}
    while stack:
        cid = stack.pop()
        try:
            block = check_block(cid, get(cid).data)
            below = resolver.children(block)
        except ReplicaUnreachable:
            raise
        except IpfsError as error:
            found.faults[cid] = str(error)
            continue
        found.blocks += 1
        found.bytes += len(block.data)
        seen(block)
        fresh = [child for child in dict.fromkeys(below) if child not in met]
        met.update(fresh)
        if len(met) > MOST_BLOCKS:
            raise TooLarge(f"{root} leads to more than {MOST_BLOCKS} blocks")
        stack.extend(reversed(fresh))
    return found


class BlockFolder:
    """A folder of blocks, each a file named by its CID, as a gateway's `?format=raw` is saved."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, cid: CID) -> Block:
        """The block. Raises BlockMissing, Corrupt, OSError."""
        for suffix in SUFFIXES:
            file = self._path / f"{cid}{suffix}"
            if file.is_file():
                if file.stat().st_size > LARGEST_BLOCK:
                    raise Corrupt(f"{file.name} is larger than any block")
                return check_block(cid, file.read_bytes())
        raise BlockMissing(f"block {cid} is not in this folder")


def sample(cids: Iterable[CID], most: int) -> list[CID]:
    """The first, the last, and some between, evenly: what to read back where reading everything takes too long."""
    every = list(dict.fromkeys(cids))
    step = max(1, -(-len(every) // most))
    return list(dict.fromkeys((*every[::step], *every[-1:])))
