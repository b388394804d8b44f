"""Where the rights of an account are kept on the chain. No network, and no web3."""

from eth_abi.abi import encode
from eth_hash.auto import keccak

from marketplace.kit.addresses import checksum


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
