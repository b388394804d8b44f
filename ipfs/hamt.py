"""Directories too large for one block: a tree of nodes, branched by the hash of the name, 256 ways at each level.

The link names of a shard begin with two hexadecimal digits, the branch; a link with nothing behind them leads to a
deeper shard.
Source: https://specs.ipfs.tech/unixfs/#hamt-structure-and-parameters
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import mmh3

from ipfs import dagpb, unixfs
from ipfs.cid import CID, DAG_PB, Block
from ipfs.dagpb import Link
from ipfs.errors import Malformed, NameMissing, TooLarge
from ipfs.unixfs import FANOUT, MURMUR3, Kind, Meaning

DEEPEST = 8  # levels: the hash has 64 bits, 8 are used at each


class Shard(NamedTuple):
    """What a tree of shards comes to: its root, and the bytes of it and all that it leads to."""

    cid: CID
    tree_size: int


def build(links: Iterable[Link], emit: Callable[[bytes], CID]) -> Shard:
    """Make the shards for these entries (names are distinct); *emit* stores a block and names it."""
    return _build([(_hash(link.name), link) for link in links], 0, emit)


def _build(entries: list[tuple[bytes, Link]], depth: int, emit: Callable[[bytes], CID]) -> Shard:
    if depth == DEEPEST:
        raise TooLarge("two names share all 64 bits of their hash")
    branches: dict[int, list[tuple[bytes, Link]]] = {}
    for entry in entries:
        branches.setdefault(entry[0][depth], []).append(entry)
    taken, links = 0, []
    for branch in sorted(branches):
        taken |= 1 << branch
        if len(branches[branch]) == 1:
            _, link = branches[branch][0]
            links.append(link._replace(name=f"{branch:02X}{link.name}"))
        else:
            links.append(Link(f"{branch:02X}", *_build(branches[branch], depth + 1, emit)))
    bitfield = taken.to_bytes((taken.bit_length() + 7) // 8)
    block = dagpb.encode(links, Meaning(Kind.SHARD, bitfield, hash_type=MURMUR3, fanout=FANOUT).encode())
    return Shard(emit(block), len(block) + sum(link.tree_size for link in links))


def lookup(root: Block, name: str, get: Callable[[CID], Block]) -> tuple[Link, list[Block]]:
    """Find an entry: its link, and the shards below *root* that led to it. Raises NameMissing, Malformed."""
    shard, passed, key = root, list[Block](), _hash(name)
    for depth in range(DEEPEST):
        branch = f"{key[depth]:02X}"
        found = next((link for link in read(shard) if link.name[:2] == branch), None)
        if found is None:
            break
        if len(found.name) > 2:
            if found.name[2:] != name:
                break
            return found._replace(name=name), passed
        shard = get(found.cid)
        passed.append(shard)
    raise NameMissing(f"the directory has no {name!r}")


def entries(root: Block, get: Callable[[CID], Block]) -> Iterator[Link]:
    """Every entry below a root shard, in the order of the hashes. Raises Malformed."""
    for shard in shards(root, get):
        for link in read(shard):
            if len(link.name) > 2:
                yield link._replace(name=unixfs.check_name(link.name[2:]))


def shards(root: Block, get: Callable[[CID], Block]) -> Iterator[Block]:
    """The blocks that hold the directory itself: the root shard and those below, each before its own."""
    return _shards(root, get, 0, set())


def _shards(shard: Block, get: Callable[[CID], Block], depth: int, met: set[CID]) -> Iterator[Block]:
    if depth == DEEPEST:
        raise Malformed("the shards of a directory are nested too deep")
    if shard.cid in met:  # no name can be below two branches; followed, a few blocks would list entries without end
        raise Malformed(f"shard {shard.cid} stands twice in a directory")
    met.add(shard.cid)
    yield shard
    for link in read(shard):
        if len(link.name) == 2:
            yield from _shards(get(link.cid), get, depth + 1, met)


@lru_cache(maxsize=16)  # a block never changes, and each look-up in a directory begins at the same root
def read(shard: Block) -> tuple[Link, ...]:
    """The links of one shard: 256 ways by murmur3, one link for each bit that is set. Raises Malformed."""
    if shard.cid.codec != DAG_PB:
        raise Malformed(f"block {shard.cid} is not a shard of a directory")
    node = dagpb.decode(shard.data)
    meaning = unixfs.decode(node.data)
    if (meaning.kind, meaning.hash_type, meaning.fanout) != (Kind.SHARD, MURMUR3, FANOUT):
        raise Malformed(f"block {shard.cid} is not a shard of 256 branches by murmur3")
    taken = int.from_bytes(meaning.data or b"")
    expected = [f"{branch:02X}" for branch in range(FANOUT) if taken >> branch & 1]
    if [link.name[:2] for link in node.links] != expected or taken >> FANOUT:
        raise Malformed(f"shard {shard.cid} has links that differ from its bitfield")
    return node.links


def _hash(name: str) -> bytes:
    return mmh3.hash64(name.encode(), x64arch=True, signed=False)[0].to_bytes(8)
