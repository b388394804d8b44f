"""Unsigned variable-length integers, as CIDs, protobuf and CAR write them (https://github.com/multiformats/unsigned-varint)."""

from __future__ import annotations

from ipfs.errors import Malformed

LONGEST = 10  # bytes: 64 bits, seven at a time
_ONE_BYTE = tuple(bytes((number,)) for number in range(0x80))


def encode(number: int) -> bytes:
    """The shortest form of *number* (0 … 2**64 - 1)."""
    if 0 <= number < 0x80:
        return _ONE_BYTE[number]
    if 0x80 <= number < 0x4000:
        return bytes((number & 0x7F | 0x80, number >> 7))
    if not 0 <= number < 1 << 64:
        raise ValueError(f"a varint holds 0 to 2**64 - 1, not {number}")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode(data: bytes, at: int = 0) -> tuple[int, int]:
    """Read one number from *data* at offset *at*: (number, offset behind it).

    Only the shortest form is accepted, so that one value has one spelling. Raises Malformed.
    """
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    number = 0
    for place in range(LONGEST):
        if at + place >= len(data):
            raise Malformed("a varint ends in the middle")
        byte = data[at + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if byte == 0 and place > 0:
                raise Malformed("a varint is longer than needed")
            if number >= 1 << 64:
                break
            return number, at + place + 1
    raise Malformed("a varint is wider than 64 bits")
