"""Addresses, and the hash that they are made of. No network, and no web3."""

from functools import lru_cache

from eth_abi.abi import encode
from eth_hash.auto import keccak


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


def custody_address_at(custody_id: str, chain_id: int, token: str) -> str:
    """Where `token` (RightsToken) deployed on `chain_id` keeps the rights of an account.

    Computed as `RightsToken.custodyAddress` computes it, without asking: keccak-256 of its domain and the account.

    Args:
        custody_id: 32 bytes in hex, with or without 0x.
    """
    domain = keccak(encode(["string", "uint256", "address"], ["custody", chain_id, token]))
    account = bytes.fromhex(custody_id.removeprefix("0x"))
    if len(account) != 32:
        raise ValueError("a custody id is 32 bytes")
    return checksum(keccak(encode(["bytes32", "bytes32"], [domain, account]))[12:].hex())
