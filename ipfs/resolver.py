"""From a CID and a path to bytes: walking, listing and reading what a blockstore holds.

Stores hash what they give, so everything here is verified. What remains to be distrusted is the shape: a stranger's DAG
may be nested without end or claim sizes that it does not have. Depth is limited, and each part must be as long as its
parent says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ipfs import dagpb, hamt, unixfs
from ipfs.blockstore import Blockstore
from ipfs.cid import CID, RAW, Block
from ipfs.dagpb import Link
from ipfs.errors import BlockMissing, Malformed, NameMissing, NotADirectory, NotAFile
from ipfs.unixfs import Kind, Meaning

DEEPEST_FILE = 8  # levels of file nodes above the leaves: width 174 comes to exabytes
_WINDOW = 32  # blocks asked for at once while walking: at most 64 MiB in memory


class Found(NamedTuple):
    """The end of a path, and the blocks that prove the way from the root to it (without the end's own block)."""

    cid: CID
    passed: tuple[Block, ...]


def resolve(store: Blockstore, root: CID, path: str = "") -> Found:
    """Follow "a/b/c" from a root. Raises NameMissing, NotADirectory, BlockMissing, Malformed."""
    cid, passed = root, list[Block]()
    for name in filter(None, path.split("/")):
        block = store.get(cid)
        passed.append(block)
        links, meaning = _read(block)
        if meaning.kind is Kind.SHARD:
            link, below = hamt.lookup(block, name, store.get)
            passed += below
        elif meaning.kind is Kind.DIRECTORY:
            named = [entry for entry in links if entry.name == name]
            if not named:
                raise NameMissing(f"the directory has no {name!r}")
            link = named[0]
        else:
            raise NotADirectory(f"{cid} is a file: nothing is below it")
        cid = link.cid
    return Found(cid, tuple(passed))


def kind(store: Blockstore, cid: CID) -> Kind:
    """What the CID is: RAW and FILE can be read, DIRECTORY and SHARD listed."""
    return _read(store.get(cid))[1].kind


def entries(store: Blockstore, cid: CID) -> Iterator[Link]:
    """The entries of a directory, by name or (sharded) by hash. Raises NotADirectory, BlockMissing, Malformed."""
    block = store.get(cid)
    links, meaning = _read(block)
    if meaning.kind is Kind.SHARD:
        yield from hamt.entries(block, store.get)
    elif meaning.kind is Kind.DIRECTORY:
        yield from (link._replace(name=unixfs.check_name(link.name)) for link in links)
    else:
        raise NotADirectory(f"{cid} is a file, not a directory")


def entity(store: Blockstore, cid: CID) -> Iterator[Block]:
    """The blocks of one thing: a whole file, or a directory without what its entries lead to."""
    block = store.get(cid)
    match _read(block)[1].kind:
        case Kind.SHARD:
            yield from hamt.shards(block, store.get)
        case Kind.DIRECTORY:
            yield block
        case _:
            yield from walk(store, cid)


def file_size(store: Blockstore, cid: CID) -> int:
    """Bytes of a file, as its root block says; reading checks it. Raises NotAFile, BlockMissing, Malformed."""
    return _size(cid, *_read(store.get(cid)))


def read(store: Blockstore, cid: CID, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The bytes of a file from *start* up to *stop* (default: its end), leaf by leaf; other leaves are not touched.

    Raises NotAFile, BlockMissing, Malformed, Corrupt; some of them may come after the first bytes.
    """
    size = file_size(store, cid)
    return _parts(store, cid, size, max(start, 0), size if stop is None else min(stop, size), 0)


def _parts(store: Blockstore, cid: CID, size: int, start: int, stop: int, depth: int) -> Iterator[bytes]:
    if depth > DEEPEST_FILE:
        raise Malformed("the parts of a file are nested too deep")
    links, meaning = _read(store.get(cid))
    if _size(cid, links, meaning) != size:
        raise Malformed(f"{cid} is not as long as its parent says")
    inline = meaning.data or b""
    if start < min(stop, len(inline)):
        yield inline[start:stop]
    at = len(inline)
    for link, length in zip(links, meaning.part_sizes, strict=True):
        if start < at + length and at < stop:
            yield from _parts(store, link.cid, length, max(start - at, 0), min(stop - at, length), depth + 1)
        at += length


def walk(store: Blockstore, root: CID) -> Iterator[Block]:
    """Every block below a root once, depth first, parents before children: the order of `ipfs dag export`.

    Raises BlockMissing, Malformed, Corrupt.
    """
    seen: set[CID] = set()
    fetched: dict[CID, Block] = {}
    stack = [root]
    while stack:
        cid = stack.pop()
        if cid in seen:
            continue
        seen.add(cid)
        if cid not in fetched:
            ahead = [other for other in stack[: -_WINDOW - 1 : -1] if other not in seen and other not in fetched]
            fetched |= store.find(dict.fromkeys((cid, *ahead)))
        if cid not in fetched:
            raise BlockMissing(f"block {cid} is missing below {root}")
        block = fetched.pop(cid)
        yield block
        stack.extend(reversed(children(block)))


def tree_size(block: Block) -> int:
    """Bytes of all the blocks of a tree, as its root says: shared ones count each time, and a stranger's may lie."""
    below = () if block.cid.codec == RAW else dagpb.decode(block.data).links
    return len(block.data) + sum(link.tree_size for link in below)


def children(block: Block) -> list[CID]:
    """The CIDs that a block links to, in order. Raises Malformed."""
    return [] if block.cid.codec == RAW else [link.cid for link in dagpb.decode(block.data).links]


def _read(block: Block) -> tuple[tuple[Link, ...], Meaning]:
    if block.cid.codec == RAW:
        return (), Meaning(Kind.RAW, block.data, len(block.data))
    node = dagpb.decode(block.data)
    return node.links, unixfs.decode(node.data)


def _size(cid: CID, links: tuple[Link, ...], meaning: Meaning) -> int:
    if meaning.kind not in (Kind.RAW, Kind.FILE):
        raise NotAFile(f"{cid} is not a file")
    size = len(meaning.data or b"") + sum(meaning.part_sizes)
    if len(links) != len(meaning.part_sizes) or meaning.file_size not in (None, size):
        raise Malformed(f"file {cid} contradicts itself about its size")
    return size
