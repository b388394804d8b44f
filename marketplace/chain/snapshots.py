"""Snapshots of the local chain that survive a power cut.

Anvil's own `--state` rewrites its file in place (a kill leaves it empty) and copies blocks before balances, so a
block mined in between is in the state and not in the history: its events would be lost for ever. So we ask for a
dump, believe it only if it agrees with itself, and put it on disk by rename, keeping the one before.
"""

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

NAME = "chain.json"


class Torn(Exception):
    """No snapshot in the directory can be believed, though there are some. A person must look."""


def unpack(dump: str) -> bytes:
    """The JSON inside the answer of `anvil_dumpState` (0x + hex of gzip)."""
    return gzip.decompress(bytes.fromhex(dump.removeprefix("0x")))


def consistent(raw: bytes) -> bool:
    """Whether a dump is whole: every sender's nonce equals the number of its transactions in the history.

    A dump taken while a block was being mined fails this, and so does a file that was cut short.
    """
    try:
        state: dict[str, Any] = json.loads(raw)
        sent = Counter(str((tx.get("info") or tx)["from"]).lower() for tx in state["transactions"])
        nonces = {address.lower(): _number(account.get("nonce", 0)) for address, account in state["accounts"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return all(nonces.get(sender, 0) == count for sender, count in sent.items())


def write(raw: bytes, directory: Path) -> None:
    """Put a snapshot in place: whole or not at all. The one before stays beside it as chain.json.prev."""
    path, fresh = directory / NAME, directory / f"{NAME}.new"
    with fresh.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        path.replace(_previous(directory))
    fresh.replace(path)
    _sync(directory)


def newest(directory: Path) -> Path | None:
    """The newest snapshot that can be believed; None on a first start.

    Raises:
        Torn: there are snapshots and none is whole. Starting an empty chain would hide the loss.
    """
    found = [path for path in (directory / NAME, _previous(directory)) if path.exists()]
    for path in found:
        if consistent(path.read_bytes()):
            return path
    if found:
        raise Torn(f"no whole snapshot among {', '.join(map(str, found))}")
    return None


def _previous(directory: Path) -> Path:
    return directory / f"{NAME}.prev"


def _number(value: int | str) -> int:
    return value if isinstance(value, int) else int(value, 0)


def _sync(directory: Path) -> None:
    """Make the renames themselves durable. Where a directory cannot be opened (Windows), the system must do."""
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
