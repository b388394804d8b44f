"""Where blocks are kept: the protocol, a store in memory, and a store in one SQL table.

Blocks are keyed by multihash, as Kubo does: the same bytes are kept once, whatever version or codec their CID has.
Every block is hashed again when it is read: a store answers with the right bytes or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ipfs.cid import CID, Block, check_block
from ipfs.errors import BlockMissing, TooLarge

LARGEST_BLOCK = 2 * 1024 * 1024  # bytes: what other nodes accept over bitswap
_ROWS_AT_ONCE = 200
_INSERT_ON_SQLITE = "INSERT INTO ipfs_blocks (multihash, data) VALUES (?, ?) ON CONFLICT (multihash) DO NOTHING"


class Blockstore(Protocol):
    """Blocks by CID. A block never changes and is never half there."""

    def get(self, cid: CID) -> Block:
        """The block. Raises BlockMissing, Corrupt."""
        ...

    def find(self, cids: Iterable[CID]) -> dict[CID, Block]:
        """Those of these blocks that are here. Raises Corrupt."""
        ...

    def put(self, blocks: Iterable[Block]) -> None:
        """Keep these blocks; one that is here already is passed over. Raises TooLarge above LARGEST_BLOCK."""
        ...


class MemoryBlockstore:
    """Blocks in a dictionary: for building before storing, and for tests."""

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self._data: dict[bytes, bytes] = {}
        self._blocks: dict[CID, Block] = {}
        self.put(blocks)

    def get(self, cid: CID) -> Block:
        if cid.digest not in self._data:
            raise BlockMissing(f"block {cid} is not here")
        return check_block(cid, self._data[cid.digest])

    def find(self, cids: Iterable[CID]) -> dict[CID, Block]:
        return {cid: self.get(cid) for cid in cids if cid.digest in self._data}

    def put(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self.keep(block)

    def keep(self, block: Block) -> None:
        """Keep one block: the shape that a Builder emits into."""
        cid, data = block
        if len(data) > LARGEST_BLOCK:
            raise _too_large(cid, data)
        self._data[cid.digest] = data
        self._blocks[cid] = block

    def __iter__(self) -> Iterator[Block]:
        return iter(self._blocks.values())

    def __len__(self) -> int:
        return len(self._data)


def blocks_table(metadata: sa.MetaData) -> sa.Table:
    """The table `ipfs_blocks`, declared in the caller's metadata so that it is created with the caller's own tables."""
    return sa.Table(
        "ipfs_blocks",
        metadata,
        sa.Column("multihash", sa.LargeBinary(34), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("length(multihash) = 34", name="ipfs_block_is_named_by_sha256"),
        sa.CheckConstraint(f"length(data) <= {LARGEST_BLOCK}", name="ipfs_block_is_small_enough_to_travel"),
    )


class SqlBlockstore:
    """Blocks in `ipfs_blocks` on SQLite or PostgreSQL: on the caller's connection, inside its transaction."""

    def __init__(self, connection: sa.Connection, table: sa.Table) -> None:
        self._connection = connection
        self._table = table
        self._on_sqlite = connection.dialect.name == "sqlite"

    def get(self, cid: CID) -> Block:
        found = self.find((cid,))
        if cid not in found:
            raise BlockMissing(f"block {cid} is not in this store")
        return found[cid]

    def find(self, cids: Iterable[CID]) -> dict[CID, Block]:
        found: dict[CID, Block] = {}
        wanted = iter(cids)
        while part := list(islice(wanted, _ROWS_AT_ONCE)):
            columns = self._table.c
            query = sa.select(columns.multihash, columns.data).where(columns.multihash.in_({c.multihash for c in part}))
            data = {bytes(row.multihash): bytes(row.data) for row in self._connection.execute(query)}
            found |= {cid: check_block(cid, data[cid.multihash]) for cid in part if cid.multihash in data}
        return found

    def put(self, blocks: Iterable[Block]) -> None:
        """Keep these blocks. One call writes in the order of the hashes: two writers of the same blocks wait for each
        other instead of locking each other out. Give all the blocks of a transaction in one call where that matters."""
        rows = {}
        for cid, data in blocks:
            if len(data) > LARGEST_BLOCK:
                raise _too_large(cid, data)
            rows[cid.multihash] = data
        if not rows:
            return
        if self._on_sqlite:  # past SQLAlchemy's handling of each value, which takes as long as the insert itself
            self._connection.exec_driver_sql(_INSERT_ON_SQLITE, sorted(rows.items()))
        else:
            insert = postgresql.insert(self._table).on_conflict_do_nothing(index_elements=["multihash"])
            self._connection.execute(insert, [{"multihash": key, "data": rows[key]} for key in sorted(rows)])


def _too_large(cid: CID, data: bytes) -> TooLarge:
    return TooLarge(f"block {cid} has {len(data)} bytes; at most {LARGEST_BLOCK} can travel")
