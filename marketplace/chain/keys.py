"""Who signs for a role: a key file here by default, a signing service where the settings name one.

Only the process that sends opens keys. A page never does: what a person asks for waits as a promise (sending.py).
"""

from __future__ import annotations

from collections.abc import Collection
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
    """There is no key for this role, or not the one that the books know."""


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
    """The first key of a role: made on first use. From then on the books know its address: known().

    Raises:
        WeakKey: this is a public chain and the key would lie open, or was locked for a chain of our own.
        NoKey: a service signs, and the settings name no address of this role.
    """
    knobs = _usable()
    return _named(role, knobs) if knobs.signer_url else _opened(file_of(role, knobs), knobs)


def known(role: str, address: str) -> Signer:
    """The key of this address, which the books know. Never another one, and none is made. Raises WeakKey, NoKey."""
    knobs = _usable()
    if knobs.signer_url:
        return RemoteSigner(knobs.signer_url, address)
    if (file := file_with(role, address, knobs)) is None:
        raise NoKey(f"no file of {role} in {knobs.data_dir / 'keys'} has the key of {address}")
    return _opened(file, knobs)


def successor(role: str, turn: int, spent: Collection[str]) -> Signer:
    """The key that shall sign for `role` instead of the present one: the one that the settings name, where a service
    signs; else a new file, the same one whenever this is asked until its address is among the `spent`.

    `turn`: 2 for the second key of a role. Raises WeakKey, NoKey.
    """
    knobs = _usable()
    if knobs.signer_url:
        return _named(role, knobs)
    while (file := file_of(f"{role}:{turn}", knobs)).exists() and keystore.address_in(file) in spent:
        turn += 1
    return _opened(file, knobs)


def set_aside(role: str, address: str) -> Path | None:
    """Rename the file of a key that nothing is signed with any more; where it is now, None where a service has it."""
    folder = settings().data_dir / "keys"
    aside = folder / f"retired-{role}-{address}.json"
    if file := file_with(role, address, settings()):
        file.rename(aside)
    return aside if aside.exists() else None


def file_of(role: str, knobs: Settings) -> Path:
    """Where the first key of a role lies, unless a service signs."""
    return knobs.data_dir / "keys" / f"{role.replace(':', '-')}.json"


def file_with(role: str, address: str, knobs: Settings) -> Path | None:
    """Where the key of this address lies: in the first file of its role, or in one of those made since."""
    first = file_of(role, knobs)
    if first.exists() and keystore.address_in(first) == address:
        return first
    since = sorted(first.parent.glob(f"{first.stem}-*.json"))
    return next((file for file in since if keystore.address_in(file) == address), None)


def named(role: str, knobs: Settings) -> str | None:
    """The address that the settings name for a role, where a service signs."""
    pairs = (each.split("=", 1) for each in knobs.signer_addresses.replace(",", " ").split())
    return {each.strip(): checksum(address) for each, address in pairs}.get(role)


def see_that_keys_may_be_used(knobs: Settings) -> None:
    """Said before anything starts to send: on a public chain, or with real money, no key may lie open. Raises WeakKey.

    Settings do not refuse it, since those who do not sign are not told the password (deploy/keys.env.example).
    """
    if knobs.signer_url or knobs.key_password.get_secret_value():
        return
    why = "STRIPE_LIVE=1 is real money" if knobs.stripe_live else ""
    if public := PUBLIC_CHAINS.get(knobs.chain_id):
        why = f"{public} (chain {knobs.chain_id}) is a public chain"
    if why:
        raise WeakKey(
            f"{why}: set KEY_PASSWORD or SIGNER_URL for whoever signs. Keys without a password are for a trial"
        )


def _usable() -> Settings:
    assert not has_request_context(), "a page never opens a key"
    knobs = settings()
    see_that_keys_may_be_used(knobs)
    return knobs


def _named(role: str, knobs: Settings) -> RemoteSigner:
    if (address := named(role, knobs)) is None:
        raise NoKey(f"SIGNER_ADDRESSES names no address for {role}")
    return RemoteSigner(knobs.signer_url, address)


def _opened(file: Path, knobs: Settings) -> Signer:
    hardness = keystore.STRONG if knobs.chain_id in PUBLIC_CHAINS else keystore.QUICK
    return keystore.opened(file, knobs.key_password.get_secret_value(), hardness)
