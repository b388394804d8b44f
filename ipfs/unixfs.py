"""UnixFS: what a block means as a file or a directory, and the two profiles that decide how bytes become blocks.

A profile fixes every choice that changes a CID, so that strangers get ours from the same bytes. `unixfs-v1-2025` is for
everything new; `unixfs-v0-2015` is what most old CIDs ("Qm…") were made with, kept for checking them.
Sources: https://specs.ipfs.tech/unixfs/ and https://specs.ipfs.tech/ipips/ipip-0499/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from ipfs import dagpb
from ipfs.errors import Malformed

MURMUR3 = 0x22  # the hash of HAMT keys: murmur3-x64-64
FANOUT = 256  # branches of one HAMT node


class Kind(IntEnum):
    """The Type field."""

    RAW = 0
    DIRECTORY = 1
    FILE = 2
    METADATA = 3
    SYMLINK = 4
    SHARD = 5


class Estimate(StrEnum):
    """How a directory's size is guessed before it is split: by its names and CIDs, or by its real block."""

    LINKS = "links"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Profile:
    """Every choice that changes a CID."""

    name: str
    cid_version: int
    raw_leaves: bool
    chunk_bytes: int  # of file data in one leaf
    width: int  # links of one file node
    estimate: Estimate
    directory_bytes: int = 256 * 1024  # a directory above this becomes a HAMT


V1_2025 = Profile("unixfs-v1-2025", 1, True, 1024 * 1024, 1024, Estimate.BLOCK)
V0_2015 = Profile("unixfs-v0-2015", 0, False, 256 * 1024, 174, Estimate.LINKS)
PROFILES = {profile.name: profile for profile in (V1_2025, V0_2015)}


@dataclass(frozen=True, slots=True)
class Meaning:
    """The UnixFS message inside a dag-pb node. Sizes in bytes; *part_sizes* are those of the linked parts of a file."""

    kind: Kind
    data: bytes | None = None
    file_size: int | None = None
    part_sizes: tuple[int, ...] = field(default=())
    hash_type: int | None = None
    fanout: int | None = None

    def encode(self) -> bytes:
        """The message as bytes."""
        out = dagpb.number(1, self.kind)
        if self.data is not None:
            out += dagpb.field(2, self.data)
        if self.file_size is not None:
            out += dagpb.number(3, self.file_size)
        out += b"".join(dagpb.number(4, size) for size in self.part_sizes)
        if self.hash_type is not None:
            out += dagpb.number(5, self.hash_type)
        if self.fanout is not None:
            out += dagpb.number(6, self.fanout)
        return out


def decode(message: bytes | None) -> Meaning:
    """Read the UnixFS message of a node; mode and modification time are passed over. Raises Malformed."""
    numbers: dict[int, int] = {}
    parts: list[int] = []
    data: bytes | None = None
    for tag, value in dagpb.fields(message or b""):
        if tag == 2 and isinstance(value, bytes) and data is None:
            data = value
        elif tag == 4 and isinstance(value, int):
            parts.append(value)
        elif tag in (1, 3, 5, 6, 7) and isinstance(value, int) and tag not in numbers:
            numbers[tag] = value
        elif tag != 8:
            raise Malformed(f"a UnixFS message has an unexpected field {tag}")
    try:
        kind = Kind(numbers[1])
    except (KeyError, ValueError) as error:
        raise Malformed("a node is not UnixFS: it has no known type") from error
    return Meaning(kind, data, numbers.get(3), tuple(parts), numbers.get(5), numbers.get(6))


def check_name(name: str) -> str:
    """The name of a directory entry, if it may be one. Raises Malformed: it must be one plain step of a path."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise Malformed(f"{name!r} cannot be the name of a file")
    return name
