"""For a process of its own that wants a key, and needs no town for it."""

from pathlib import Path

from marketplace.chain.keystore import QUICK, opened


def made(path: Path) -> str:
    """The address of the key in this file."""
    return opened(path, "a test's password", QUICK).address
