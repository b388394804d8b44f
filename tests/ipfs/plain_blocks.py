"""CAR, dag-pb and CIDs as the double of a node reads them: written without a look at the package that it tests."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any


def read_car(data: bytes) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    size, at = _uvarint(data, 0)
    header, _ = _cbor(data[at : at + size], 0)
    if header.get("version") != 1:
        raise ValueError("invalid car version")
    at += size
    blocks = []
    while at < len(data):
        size, at = _uvarint(data, at)
        section = data[at : at + size]
        if len(section) < size:
            raise ValueError("unexpected EOF")
        length = 34 if section[:2] == b"\x12\x20" else 36
        cid, block = section[:length], section[length:]
        if hashlib.sha256(block).digest() != cid[-32:]:
            raise ValueError(f"mismatch in content integrity, expected: {text_of(cid)}")
        blocks.append((cid, block))
        at += size
    return header["roots"], blocks


def _cbor(data: bytes, at: int) -> tuple[Any, int]:
    """As much CBOR as a CAR header has."""
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    if low == 24:
        low, at = data[at], at + 1
    if major == 0:
        return low, at
    if major == 2:
        return data[at : at + low], at + low
    if major == 3:
        return data[at : at + low].decode(), at + low
    if major == 4:
        items = []
        for _ in range(low):
            item, at = _cbor(data, at)
            items.append(item)
        return items, at
    if major == 5:
        pairs = {}
        for _ in range(low):
            key, at = _cbor(data, at)
            pairs[key], at = _cbor(data, at)
        return pairs, at
    assert (major, low) == (6, 42), "an unexpected kind of CBOR"
    link, at = _cbor(data, at)
    return link[1:], at


def links(cid: bytes, block: bytes) -> Iterator[bytes]:
    if cid[:2] == b"\x01\x55":
        return
    at = 0
    while at < len(block):
        tag, size, at = block[at], *_uvarint(block, at + 1)
        if tag == 0x12:
            assert block[at] == 0x0A, "a link begins with its hash"
            yield block[at + 2 : at + 2 + block[at + 1]]
        at += size


def _uvarint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return number, at


_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def cid_bytes(text: str) -> bytes:
    if text.startswith("Qm"):
        number = 0
        for letter in text:
            number = number * 58 + _ALPHABET.index(letter)
        return number.to_bytes(34)
    return base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))


def text_of(cid: bytes) -> str:
    if cid[:2] == b"\x12\x20":
        number, text = int.from_bytes(cid), ""
        while number:
            number, digit = divmod(number, 58)
            text = _ALPHABET[digit] + text
        return text
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def multihash(cid: bytes) -> bytes:
    return cid[-34:]
