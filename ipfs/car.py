"""CAR files, version 1: a root and its blocks in one stream, to be carried anywhere and checked there.

Source: https://ipld.io/specs/transport/car/carv1/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ipfs import resolver, varint
from ipfs.blockstore import LARGEST_BLOCK, Blockstore
from ipfs.cid import CID, Block, check_block
from ipfs.errors import BlockMissing, Malformed, TooLarge

MEDIA_TYPE = "application/vnd.ipld.car"
_HEAD, _TAIL = b"\xa2\x65roots\x81\xd8\x2a\x58", b"\x67version\x01"  # DAG-CBOR: {"roots": [CID], "version": 1}
_V2_PRAGMA = bytes.fromhex("a16776657273696f6e02")  # the header {"version": 2}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a reader takes before it says TooLarge."""

    blocks: int = 1_000_000
    total_bytes: int = 16 * 1024**3


def write(root: CID, blocks: Iterable[Block]) -> Iterator[bytes]:
    """The bytes of a CAR, piece by piece: the header, then each block once, in the order given."""
    header = _header(root)
    yield varint.encode(len(header)) + header
    written: set[CID] = set()
    for block in blocks:
        if block.cid not in written:
            written.add(block.cid)
            name = bytes(block.cid)
            yield varint.encode(len(name) + len(block.data)) + name + block.data


def export(store: Blockstore, root: CID) -> Iterator[bytes]:
    """The whole tree below a root as a CAR: byte for byte what `ipfs dag export` writes."""
    return write(root, resolver.walk(store, root))


class CarReader:
    """Reads and checks a CAR as a stream; iterate to get its blocks.

    Every block is hashed before it is given. At the end the tree must be complete: all that the root leads to is there,
    and nothing else. Take what was read for good only after the iteration has ended without an error.
    With *whole* False the last check is left out: a trustless gateway's answer to a path holds only the blocks on it.

    Raises Malformed, Corrupt, BlockMissing, TooLarge.
    """

    def __init__(self, source: BinaryIO, *, whole: bool = True, limits: Limits = Limits()) -> None:
        self._source = source
        self._whole = whole
        self._limits = limits
        self.bytes_read = 0
        self.root = self._read_header()

    def __iter__(self) -> Iterator[Block]:
        leads_to: dict[CID, list[CID]] = {}
        while (size := self._read_length()) is not None:
            if size > LARGEST_BLOCK + 36:
                raise TooLarge(f"the CAR has a block of about {size} bytes; at most {LARGEST_BLOCK} are taken")
            section = self._read_exactly(size)
            cid, start = CID.read(section)
            if cid in leads_to:
                continue
            block = check_block(cid, section[start:])
            leads_to[cid] = resolver.children(block)
            if len(leads_to) > self._limits.blocks:
                raise TooLarge(f"the CAR has more than {self._limits.blocks} blocks")
            yield block
        if self._whole:
            self._check_whole(leads_to)

    def _check_whole(self, leads_to: dict[CID, list[CID]]) -> None:
        reached: set[CID] = set()
        stack = [self.root]
        while stack:
            cid = stack.pop()
            if cid in reached:
                continue
            if cid not in leads_to:
                raise BlockMissing(f"the CAR is not complete: block {cid} is missing")
            reached.add(cid)
            stack += leads_to[cid]
        if len(reached) < len(leads_to):
            stray = next(cid for cid in leads_to if cid not in reached)
            raise Malformed(f"the CAR holds block {stray}, which its root does not lead to")

    def _read_header(self) -> CID:
        size = self._read_length()
        if size is None or size > 100:
            raise Malformed("not a CAR file")
        header = self._read_exactly(size)
        if header == _V2_PRAGMA:
            raise Malformed("this is a CAR of version 2; only version 1 is read")
        try:
            root = CID.from_bytes(header[len(_HEAD) + 2 : -len(_TAIL)])
        except Malformed as error:
            raise Malformed("not a CAR with exactly one root that we read") from error
        if header != _header(root):
            raise Malformed("not a CAR with exactly one root that we read")
        return root

    def _read_length(self) -> int | None:
        """The number before a section; None at the end of the stream."""
        number = b""
        while byte := self._read(1):
            number += byte
            if byte < b"\x80" or len(number) == varint.LONGEST:
                return varint.decode(number)[0]
        if number:
            raise Malformed("the CAR ends in the middle")
        return None

    def _read_exactly(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            part = self._read(missing)
            if not part:
                raise Malformed("the CAR ends in the middle")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _read(self, size: int) -> bytes:
        part = self._source.read(size)
        self.bytes_read += len(part)
        if self.bytes_read > self._limits.total_bytes:
            raise TooLarge(f"the CAR is larger than {self._limits.total_bytes} bytes")
        return part


def _header(root: CID) -> bytes:
    name = bytes(root)
    return _HEAD + bytes((len(name) + 1, 0)) + name + _TAIL  # the zero marks a CID in binary
