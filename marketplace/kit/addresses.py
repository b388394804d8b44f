"""Addresses on a chain, in their one form. No network, and no web3."""

import re
from functools import lru_cache

from eth_hash.auto import keccak

ADDRESS = re.compile("0x[0-9a-fA-F]{40}")


@lru_cache(maxsize=65_536)
def checksum(address: str) -> str:
    """0x + 40 hex digits in the mixed case of EIP-55, the only form that we store. Any case is taken.

    Source: https://eips.ethereum.org/EIPS/eip-55
    """
    digits = address.lower().removeprefix("0x")
    if len(digits) != 40:
        raise ValueError(f"not an address: {address}")
    int(digits, 16)
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(d.upper() if int(mark, 16) > 7 else d for d, mark in zip(digits, marks, strict=False))


def mistyped(address: str) -> bool:
    """No address, or one whose mixed case is not its own: a digit of it is wrong. In one case nothing can be told."""
    if not ADDRESS.fullmatch(address):
        return True
    return address[2:] not in (address[2:].lower(), address[2:].upper()) and address != checksum(address)
