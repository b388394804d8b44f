"""Bytes and folders become blocks: the builder of files and directories, by a profile."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from ipfs import dagpb, hamt, unixfs
from ipfs.cid import CID, DAG_PB, RAW, Block
from ipfs.dagpb import Link
from ipfs.errors import Malformed
from ipfs.unixfs import Estimate, Kind, Meaning, Profile


class Source(Protocol):
    """An open file, a pipe, or anything that is read like one."""

    def read(self, size: int, /) -> bytes:
        """Up to *size* bytes; none only at the end."""
        ...


class Built(NamedTuple):
    """A finished file or directory: CID, bytes of the file (0 for a directory), bytes of all its blocks."""

    cid: CID
    file_size: int
    tree_size: int


class Builder:
    """Makes blocks and hands each to *emit*, children before parents. Holds one chunk, and one row of links a level."""

    def __init__(self, emit: Callable[[Block], None], profile: Profile = unixfs.V1_2025) -> None:
        self._emit_block = emit
        self._profile = profile

    def file(self, source: Source | bytes) -> Built:
        """A file from bytes or an open stream, read to its end."""
        if isinstance(source, bytes) and len(source) <= self._profile.chunk_bytes:
            return self._leaf(source)
        stream: Source = io.BytesIO(source) if isinstance(source, bytes) else source
        rows: list[
            list[Built]
        ] = []  # rows[0] holds leaves, rows[1] their parents, …; only the last, open parent of each
        while chunk := _read_fully(stream, self._profile.chunk_bytes):
            self._append(rows, 0, self._leaf(chunk))
        if not rows:
            return self._leaf(b"")
        level = 0
        while level < len(rows) - 1 or len(rows[level]) > 1:
            self._append(rows, level + 1, self._parent(rows[level]))
            level += 1
        return rows[level][0]

    def directory(self, entries: Mapping[str, Built]) -> Built:
        """A directory of things built before. Raises Malformed for a name that cannot be one."""
        links = [Link(unixfs.check_name(name), cid, tree_size) for name, (cid, _, tree_size) in entries.items()]
        links.sort(key=lambda link: link.name.encode(errors="surrogatepass"))
        block = dagpb.encode(links, Meaning(Kind.DIRECTORY).encode())
        if self._profile.estimate is Estimate.BLOCK:
            size = len(block)
        else:
            size = sum(len(link.name.encode()) + len(bytes(link.cid)) for link in links)
        if size > self._profile.directory_bytes:
            shard = hamt.build(links, lambda data: self._emit(data, DAG_PB))
            return Built(shard.cid, 0, shard.tree_size)
        return Built(self._emit(block, DAG_PB), 0, len(block) + sum(link.tree_size for link in links))

    def path(self, path: Path, *, hidden: bool = False) -> Built:
        """A file or a whole folder from the disk; without *hidden*, as Kubo, no names that begin with a dot.

        Raises OSError, and Malformed for symbolic links and everything that is neither file nor folder.
        """
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            names = [name for name in os.listdir(path) if hidden or not name.startswith(".")]
            return self.directory({name: self.path(path / name, hidden=hidden) for name in sorted(names)})
        if not stat.S_ISREG(mode):
            raise Malformed(f"{path} is neither a file nor a folder")
        with path.open("rb") as source:
            return self.file(source)

    def _append(self, rows: list[list[Built]], level: int, part: Built) -> None:
        if level == len(rows):
            rows.append([])
        if len(rows[level]) == self._profile.width:
            full, rows[level] = rows[level], []
            self._append(rows, level + 1, self._parent(full))
        rows[level].append(part)

    def _leaf(self, data: bytes) -> Built:
        if self._profile.raw_leaves:
            return Built(self._emit(data, RAW), len(data), len(data))
        block = dagpb.encode((), Meaning(Kind.FILE, data or None, len(data)).encode())
        return Built(self._emit(block, DAG_PB), len(data), len(block))

    def _parent(self, parts: list[Built]) -> Built:
        sizes = tuple(part.file_size for part in parts)
        meaning = Meaning(Kind.FILE, file_size=sum(sizes), part_sizes=sizes)
        block = dagpb.encode((Link("", part.cid, part.tree_size) for part in parts), meaning.encode())
        return Built(self._emit(block, DAG_PB), sum(sizes), len(block) + sum(part.tree_size for part in parts))

    def _emit(self, data: bytes, codec: int) -> CID:
        cid = CID.of(data, codec, self._profile.cid_version)
        self._emit_block(Block(cid, data))
        return cid


def _read_fully(stream: Source, size: int) -> bytes:
    """Up to *size* bytes, fewer only at the end: a pipe may give less at a time, and chunks must not depend on that."""
    parts, missing = [], size
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
