"""Content identifiers: the name of a block is the hash of its bytes.

Strict on purpose. A gateway and an importer meet text and bytes of strangers, and one block should have one name here:
version 1 in lower-case base32 ("bafy…", "bafk…") or version 0 in base58 ("Qm…"); SHA-256; the codecs raw and dag-pb.
Source: https://github.com/multiformats/cid
"""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple, Self

from ipfs.errors import Corrupt, Malformed

RAW = 0x55
DAG_PB = 0x70
_CODECS = {RAW: "raw", DAG_PB: "dag-pb"}
_SHA2_256 = b"\x12\x20"  # multihash prefix: function 0x12, 32 bytes long
_PREFIXES = {(0, DAG_PB): _SHA2_256, (1, DAG_PB): b"\x01\x70" + _SHA2_256, (1, RAW): b"\x01\x55" + _SHA2_256}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_V0_LENGTH = 46  # characters
_V1_LENGTH = 59


class _Parts(NamedTuple):
    version: int
    codec: int
    digest: bytes


class CID(_Parts):
    """The name of one block: version 0 or 1, codec RAW or DAG_PB, and the 32 bytes of its SHA-256.

    A tuple, because a tree of thousands of blocks makes and compares tens of thousands of them.
    """

    __slots__ = ()

    def __new__(cls, version: int, codec: int, digest: bytes) -> Self:
        if codec not in _CODECS:
            raise Malformed(f"codec 0x{codec:x} is not supported: only raw and dag-pb")
        if version not in (0, 1) or (version == 0 and codec != DAG_PB):
            raise Malformed("a CID is of version 1, or of version 0 with dag-pb")
        if len(digest) != 32:
            raise Malformed("a SHA-256 digest has 32 bytes")
        return tuple.__new__(cls, (version, codec, digest))

    @classmethod
    def of(cls, data: bytes, codec: int, version: int = 1) -> Self:
        """The CID of a block with these bytes."""
        digest = hashlib.sha256(data).digest()
        if version == 1 and codec in _CODECS:
            return tuple.__new__(cls, (version, codec, digest))
        return cls(version, codec, digest)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the canonical text form. Raises Malformed, also for other spellings of a right CID."""
        if len(text) == _V0_LENGTH and text.startswith("Qm"):
            cid = cls.from_bytes(_from_base58(text))
        elif len(text) == _V1_LENGTH and text.startswith("b"):
            cid = cls.from_bytes(_from_base32(text[1:]))
        else:
            raise Malformed(f"not a CID that we read (SHA-256, base32 or Qm…): {text[:80]!r}")
        if str(cid) != text:  # unused bits of the last base32 letter, upper case: the same bytes must have one spelling
            raise Malformed(f"not the canonical spelling of a CID: {text!r}")
        return cid

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the binary form, which must fill *data* exactly. Raises Malformed."""
        cid, end = cls.read(data)
        if end != len(data):
            raise Malformed("bytes follow the CID")
        return cid

    @classmethod
    def read(cls, data: bytes, at: int = 0) -> tuple[Self, int]:
        """Read one binary CID from *data* at offset *at*: (CID, offset behind it). Raises Malformed."""
        version, codec, start = 0, DAG_PB, at
        if data[at : at + 1] == b"\x01":
            version, codec, start = 1, data[at + 1] if at + 1 < len(data) else -1, at + 2
            if codec not in _CODECS:
                raise Malformed("a CID has a codec that is not supported: only raw and dag-pb")
        if data[start : start + 2] != _SHA2_256:
            raise Malformed("a CID is not of version 0 or 1 with SHA-256")
        end = start + 2 + 32
        if end > len(data):
            raise Malformed("a CID ends in the middle")
        return tuple.__new__(cls, (version, codec, bytes(data[start + 2 : end]))), end

    @property
    def multihash(self) -> bytes:
        """Hash function, length and digest: 34 bytes. The same for every version and codec."""
        return _SHA2_256 + self.digest

    def __bytes__(self) -> bytes:
        return _PREFIXES[self[0], self[1]] + self[2]

    def __str__(self) -> str:
        if self.version == 0:
            return _to_base58(bytes(self))
        return "b" + base64.b32encode(bytes(self)).decode().rstrip("=").lower()


class Block(NamedTuple):
    """A CID and the bytes that it names. Made here and by the Builder only, so that a Block is always true."""

    cid: CID
    data: bytes


def make_block(data: bytes, codec: int, version: int = 1) -> Block:
    """Name these bytes."""
    return Block(CID.of(data, codec, version), data)


def check_block(cid: CID, data: bytes) -> Block:
    """Believe a claim after hashing. Raises Corrupt."""
    if hashlib.sha256(data).digest() != cid.digest:
        raise Corrupt(f"block {cid} has other bytes than its name promises")
    return Block(cid, data)


def _from_base32(text: str) -> bytes:
    try:
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError as error:
        raise Malformed("not base32") from error


def _to_base58(data: bytes) -> str:
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return text  # a multihash begins with 0x12: no leading zeros to keep


def _from_base58(text: str) -> bytes:
    number = 0
    for letter in text:
        digit = _BASE58.find(letter)
        if digit < 0:
            raise Malformed("not base58")
        number = number * 58 + digit
    return number.to_bytes((number.bit_length() + 7) // 8)
