"""Keys in files of our own: one for each role, encrypted, readable by us alone.

The format is the keystore that every Ethereum tool reads (version 3):
https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage/
"""

from __future__ import annotations

import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

from marketplace.kit.addresses import checksum
from marketplace.kit.refusals import Rejected

STRONG, QUICK = 262_144, 4_096
"""scrypt's n: a second to open where it matters, a few milliseconds for a chain of our own on this machine."""


class WeakKey(Rejected):
    """A key that may not be used on this chain."""


class NotOpened(Rejected):
    """A file whose password nobody has told us."""


class FileSigner:
    """A key that lies in a file here and is open in this process."""

    def __init__(self, account: Any) -> None:
        self._account = account

    @property
    def address(self) -> str:
        return str(self._account.address)

    def sign(self, transaction: dict[str, Any]) -> tuple[bytes, str]:
        signed = self._account.sign_transaction(transaction)
        return bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex()


@lru_cache(maxsize=256)
def opened(path: Path, password: str, hardness: int) -> FileSigner:
    """The key in this file, made if there is none. Raises WeakKey where it is locked more lightly than `hardness`."""
    from eth_account import Account  # noqa: PLC0415 -- only senders need it

    if not path.exists() and (made := _create(path, password, hardness)):
        return FileSigner(made)  # to unlock what was locked just now would take as long once more
    kept = json.loads(path.read_text())
    if kept["crypto"]["kdfparams"]["n"] < hardness:
        raise WeakKey(f"{path.name} was locked lightly, for a chain of our own: make a new key for a public one")
    return FileSigner(Account.from_key(Account.decrypt(kept, password)))


def address_in(path: Path) -> str:
    """Whose key the file holds, read without opening it. Raises ValueError, KeyError for what is no key file."""
    return checksum("0x" + str(json.loads(path.read_text())["address"]).removeprefix("0x"))


def opens(path: Path, password: str) -> bool:
    """Whether this password opens the key in the file."""
    from eth_account import Account  # noqa: PLC0415 -- only senders need it

    try:
        Account.decrypt(json.loads(path.read_text()), password)
    except ValueError:
        return False
    return True


def relock(path: Path, old: str, new: str) -> None:
    """The same key under another password, as hard to open as before; nothing where that has been done already.

    Raises NotOpened where neither opens it.
    """
    from eth_account import Account  # noqa: PLC0415 -- only senders need it

    if opens(path, new):
        return
    if not opens(path, old):
        raise NotOpened(f"neither KEY_PASSWORD nor the new password opens {path.name}: nothing was changed in it")
    kept = json.loads(path.read_text())
    hardness = kept["crypto"]["kdfparams"]["n"]
    fresh = _written(path, Account.encrypt(Account.decrypt(kept, old), new, kdf="scrypt", iterations=hardness))
    fresh.replace(path)


def _create(path: Path, password: str, hardness: int) -> Any | None:
    """The new key, written whole or not at all; None where another process did so at once: the first one's counts."""
    from eth_account import Account  # noqa: PLC0415 -- only senders need it

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Account.create()
    fresh = _written(path, Account.encrypt(made.key, password, kdf="scrypt", iterations=hardness))
    try:
        os.link(fresh, path)
    except FileExistsError:
        return None
    finally:
        fresh.unlink()
    return made


def _written(path: Path, kept: dict[str, Any]) -> Path:
    """On the disk beside `path`, under a name of its own."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    return fresh
