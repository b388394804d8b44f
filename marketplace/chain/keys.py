"""Who signs for a role: a key file here by default, a signing service where the settings name one.

Only the process that sends opens keys. A page never does: what a person asks for waits as a promise (sending.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from flask import has_request_context

from marketplace.chain import keystore
from marketplace.chain.keystore import WeakKey as WeakKey
from marketplace.chain.remote_signer import RemoteSigner
from marketplace.kit.addresses import checksum
from marketplace.kit.refusals import Rejected
from marketplace.settings import Settings, settings
from marketplace.settings.chains import PUBLIC_CHAINS


class NoKey(Rejected):
    """The signing service has no key for this role."""


class Signer(Protocol):
    """Whoever holds a key."""

    @property
    def address(self) -> str: ...

    def sign(self, transaction: dict[str, Any]) -> tuple[bytes, str]:
        """The signed bytes and the transaction's hash (0x…). Never called inside transaction(): it may take a while.

        Raises Unavailable, Rejected.
        """
        ...


def signer(role: str) -> Signer:
    """The key of a role: made on first use, then the same for ever.

    Raises:
        WeakKey: this is a public chain and the key would lie open, or was locked for a chain of our own.
        NoKey: a service signs, and the settings name no address of this role.
    """
    assert not has_request_context(), "a page never opens a key"
    knobs = settings()
    see_that_keys_may_be_used(knobs)
    if knobs.signer_url:
        if (address := _addresses(knobs).get(role)) is None:
            raise NoKey(f"SIGNER_ADDRESSES names no address for {role}")
        return RemoteSigner(knobs.signer_url, address)
    hardness = keystore.STRONG if knobs.chain_id in PUBLIC_CHAINS else keystore.QUICK
    return keystore.opened(file_of(role, knobs), knobs.key_password.get_secret_value(), hardness)


def file_of(role: str, knobs: Settings) -> Path:
    """Where the key of a role lies, unless a service signs."""
    return knobs.data_dir / "keys" / f"{role.replace(':', '-')}.json"


def see_that_keys_may_be_used(knobs: Settings) -> None:
    """Said before anything starts to send: on a public chain no key may lie open. Raises WeakKey."""
    public = PUBLIC_CHAINS.get(knobs.chain_id)
    if public and not knobs.signer_url and not knobs.key_password.get_secret_value():
        raise WeakKey(
            f"{public} (chain {knobs.chain_id}) is a public chain: set KEY_PASSWORD or SIGNER_URL, "
            "keys without a password are for chains of our own"
        )


def _addresses(knobs: Settings) -> dict[str, str]:
    pairs = (each.split("=", 1) for each in knobs.signer_addresses.replace(",", " ").split())
    return {role.strip(): checksum(address) for role, address in pairs}
