"""How far a command is, for whoever sits before it: on stderr, so that what it says in the end can be piped on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def bar(block: int, head: int, first: int) -> None:
    """How much of the chain has been read, on stderr; one line that moves where a person looks."""
    share = (block - first + 1) / max(1, head - first + 1)
    filled = int(40 * share)
    end = "\r" if sys.stderr.isatty() and block < head else "\n"
    sys.stderr.write(f"[{'#' * filled}{'.' * (40 - filled)}] {share:4.0%} block {block:,} of {head:,}{end}")


def progress(word: str) -> Callable[[str], None]:
    """Says each second on stderr how many files were done; a quick command stays silent."""
    done, said = 0, time.monotonic()

    def told(path: str) -> None:
        nonlocal done, said
        done += 1
        if time.monotonic() - said >= 1:
            said = time.monotonic()
            sys.stderr.write(f"… {done:,} {word}, {path}\n")

    return told
