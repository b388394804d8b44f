"""Why no backup could be made the last time, beside those that there are: the timer tries again, the watch tells it.

A file, since the database may be what failed. Where the disk is so full that not even this can be written, the watch
says that.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

NAME = "FAILED"
LONGEST = 300


def write_down(directory: Path, why: str) -> None:
    with suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / NAME).write_text(f"{why[:LONGEST]}\n", "utf-8")


def strike_out(directory: Path) -> None:
    """One was made."""
    with suppress(OSError):
        (directory / NAME).unlink(missing_ok=True)


def why_none(directory: Path) -> str:
    """Empty where the last one was made."""
    with suppress(OSError, UnicodeDecodeError):
        return (directory / NAME).read_text("utf-8").strip()
    return ""
