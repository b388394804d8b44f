"""Somebody's wallet outside: a key, its address, and what it signs. Keys are made from names; they guard nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eth_account import Account as Keys
from eth_account.messages import encode_defunct


@dataclass(frozen=True)
class OwnWallet:
    name: str

    @cached_property
    def key(self) -> bytes:
        return hashlib.sha256(self.name.encode()).digest()

    @cached_property
    def address(self) -> str:
        return str(Keys.from_key(self.key).address)

    def sign(self, text: str) -> str:
        """personal_sign (EIP-191), by a library that is not the one under test."""
        return f"0x{bytes(Keys.sign_message(encode_defunct(text=text), self.key).signature).hex()}"

    def transaction(self, **values: Any) -> str:
        """A signed transaction, 0x-hex."""
        return f"0x{bytes(Keys.sign_transaction(values, self.key).raw_transaction).hex()}"
