"""A signing service that keeps the keys and speaks eth_signTransaction, as Web3Signer and Clef do.

Keys in a vault never come to this machine. The service is believed as little as a key file would be: what it gives
back must be our transaction, field by field, signed by the address that we asked for.

Source: https://docs.web3signer.consensys.io/reference/api/json-rpc#eth_signtransaction
"""

from __future__ import annotations

from typing import Any

import requests
from eth_hash.auto import keccak

from marketplace.kit.refusals import Rejected, Unavailable

TIMEOUT_SECONDS = 30.0
"""A service may ask a person, or hardware."""
QUANTITIES = ("chainId", "nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "value")


class SignerRefuses(Rejected):
    """The service would not sign, or signed something else."""


class RemoteSigner:
    """One address whose key a service has."""

    def __init__(self, url: str, address: str) -> None:
        self.url, self.address = url, address

    def sign(self, transaction: dict[str, Any]) -> tuple[bytes, str]:
        asked = {"from": self.address, "type": "0x2", "data": "0x" + transaction["data"].hex()}
        asked |= {name: hex(transaction[name]) for name in QUANTITIES}
        if "to" in transaction:
            asked["to"] = transaction["to"]
        raw = self._ask("eth_signTransaction", asked)
        self._see_that_it_is(raw, transaction)
        return raw, "0x" + keccak(raw).hex()

    def _ask(self, method: str, asked: dict[str, str]) -> bytes:
        message: Any = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [asked]}
        try:
            response = requests.post(self.url, json=message, timeout=TIMEOUT_SECONDS, allow_redirects=False)
            answer = response.json()
        except (requests.RequestException, ValueError) as trouble:
            raise Unavailable(f"signer: {type(trouble).__name__}") from None
        if not isinstance(answer, dict) or "result" not in answer:
            why = answer.get("error") if isinstance(answer, dict) else None
            raise SignerRefuses(f"signer: {why or response.status_code}")
        found = answer["result"]
        raw = found.get("raw") if isinstance(found, dict) else found  # Clef gives {raw, tx}, Web3Signer the bytes
        try:
            return bytes.fromhex(str(raw).removeprefix("0x"))
        except ValueError as garbled:
            raise SignerRefuses("signer: its answer is no transaction") from garbled

    def _see_that_it_is(self, raw: bytes, transaction: dict[str, Any]) -> None:
        """Raises SignerRefuses where the bytes are not this transaction, signed by this address."""
        from eth_account import Account  # noqa: PLC0415 -- only senders need it
        from eth_account.typed_transactions.typed_transaction import TypedTransaction  # noqa: PLC0415
        from hexbytes import HexBytes  # noqa: PLC0415

        try:
            found = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
            signer = Account.recover_transaction(raw)
        except Exception as garbled:  # eth_account and rlp have families of their own
            raise SignerRefuses("signer: its answer is no transaction") from garbled
        wrong = [name for name in QUANTITIES if found[name] != transaction[name]]
        wrong += ["data"] if bytes(found["data"]) != transaction["data"] else []
        to = bytes.fromhex(transaction.get("to", "0x")[2:])
        wrong += ["to"] if bytes(HexBytes(found["to"])) != to else []
        wrong += ["from"] if signer.lower() != self.address.lower() else []
        if wrong:
            raise SignerRefuses(f"signer: it signed another {', '.join(wrong)}")
