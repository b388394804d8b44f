"""Base45 (RFC 9285): bytes in the 45 characters that a QR code packs two to eleven bits."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    out = []
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, 45)
            out.append(ALPHABET[digit])
    return "".join(out)


def decode(text: str) -> bytes:
    """ValueError where it is none."""
    out = bytearray()
    for start in range(0, len(text), 3):
        part = text[start : start + 3]
        size = len(part) - 1
        if size < 1 or any(character not in _VALUES for character in part):
            raise ValueError("not base45")
        number = sum(_VALUES[character] * 45**place for place, character in enumerate(part))
        if number >= 256**size:
            raise ValueError("not base45")
        out += number.to_bytes(size, "big")
    return bytes(out)
