"""Looking after processes in tests: is one gone, which belong to a town, has something come true."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LONG = 300.0  # seconds after which a test gives up waiting for what should take a moment; a busy machine needs minutes


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true before a test has to give up."""
    give_up = time.monotonic() + LONG
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def is_gone(pid: int) -> bool:
    """No such process, or only its exit status is left."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def living_in(directory: Path) -> list[int]:
    """The processes whose DATA_DIR is the directory, and those that they started."""
    mark = f"DATA_DIR={directory}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0") and not is_gone(int(process.name)):
                found.append(int(process.name))
    return found
