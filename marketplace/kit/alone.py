"""What a machine bears once at a time, because it takes so much memory, whichever process or thread does it."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNLOCKABLE = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP)
"""What NFS says, where only what is open for writing can be locked, and no directory is (flock(2))."""


@contextmanager
def alone(directory: Path, patience_s: float) -> Iterator[None]:
    """Whoever is in here has the directory to itself; a process that dies gives it back. TimeoutError where the turn
    does not come for so long. A directory on the network that cannot be locked is had by several at once."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        _wait_for(handle, time.monotonic() + patience_s)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, give_up: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= give_up:
                raise TimeoutError from None
        except OSError as trouble:
            if trouble.errno not in UNLOCKABLE:
                raise
            return
        time.sleep(0.05)
