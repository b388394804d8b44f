"""dag-pb: the node format of files and directories, a protobuf message of links and data.

    message PBLink { optional bytes Hash = 1; optional string Name = 2; optional uint64 Tsize = 3; }
    message PBNode { repeated PBLink Links = 2; optional bytes Data = 1; }

Links are written before Data although their number is higher: history, and part of every CID.
Source: https://ipld.io/specs/codecs/dag-pb/spec/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ipfs import varint
from ipfs.cid import CID
from ipfs.errors import Malformed

_VARINT, _BYTES = 0, 2  # protobuf wire types
_LINK = b"\x12"  # the keys of the fields, written out: a directory of a thousand entries has four thousand of them
_TO = (b"\x0a\x22", b"\x0a\x24")  # by the version of the CID, which has 34 or 36 bytes
_NAME, _SIZE = b"\x12", b"\x18"


class Link(NamedTuple):
    """One edge: the name in a directory ("" in a file), the child, and the bytes of the whole tree below."""

    name: str
    cid: CID
    tree_size: int


class Node(NamedTuple):
    """A dag-pb block, read: its links in their order, and its data (None where the field is absent)."""

    links: tuple[Link, ...]
    data: bytes | None


def encode(links: Iterable[Link], data: bytes | None) -> bytes:
    """The block of a node. The links are written in the order given: sort a directory before."""
    out = bytearray()
    for text, cid, tree_size in links:
        try:
            name = text.encode()
        except UnicodeEncodeError as error:
            raise Malformed(f"a name is not Unicode text: {text!r}") from error
        link = (
            _TO[cid.version] + bytes(cid) + _NAME + varint.encode(len(name)) + name + _SIZE + varint.encode(tree_size)
        )
        out += _LINK + varint.encode(len(link)) + link
    if data is not None:
        out += field(1, data)
    return bytes(out)


def decode(block: bytes) -> Node:
    """Read a node. Raises Malformed for anything but links and data, each section in one piece."""
    links: list[Link] = []
    data: bytes | None = None
    links_closed = False
    for tag, value in fields(block):
        if tag == 2 and isinstance(value, bytes) and not links_closed:
            links.append(_link(value))
        elif tag == 1 and isinstance(value, bytes) and data is None:
            data = value
            links_closed = bool(links)  # old writers put data first; it may not stand between links
        else:
            raise Malformed(f"a dag-pb node has an unexpected field {tag}")
    return Node(tuple(links), data)


def _link(message: bytes) -> Link:
    cid: CID | None = None
    name, tree_size, last = "", 0, 0
    for tag, value in fields(message):
        if tag <= last:
            raise Malformed("the fields of a link are repeated or out of order")
        last = tag
        if tag == 1 and isinstance(value, bytes):
            cid = CID.from_bytes(value)
        elif tag == 2 and isinstance(value, bytes):
            try:
                name = value.decode()
            except UnicodeDecodeError as error:
                raise Malformed("the name of a link is not UTF-8") from error
        elif tag == 3 and isinstance(value, int):
            tree_size = value
        else:
            raise Malformed(f"a link has an unexpected field {tag}")
    if cid is None:
        raise Malformed("a link points to nothing")
    return Link(name, cid, tree_size)


def field(tag: int, value: bytes) -> bytes:
    """One protobuf field of bytes."""
    return bytes((tag << 3 | _BYTES,)) + varint.encode(len(value)) + value


def number(tag: int, value: int) -> bytes:
    """One protobuf field of an unsigned integer."""
    return bytes((tag << 3 | _VARINT,)) + varint.encode(value)


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message in their order: (tag, value). Raises Malformed."""
    at = 0
    while at < len(message):
        key, at = varint.decode(message, at)
        value, at = varint.decode(message, at)
        if key & 7 == _VARINT:
            yield key >> 3, value
        elif key & 7 == _BYTES:
            if at + value > len(message):
                raise Malformed("a protobuf field ends in the middle")
            yield key >> 3, message[at : at + value]
            at += value
        else:
            raise Malformed(f"protobuf wire type {key & 7} has no place here")
