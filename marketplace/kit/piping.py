"""What a command says goes to a person, a file, or another program that may have read enough."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable

UNREAD, STOPPED = 128 + 13, 128 + 2
"""What a shell calls it when SIGPIPE or SIGINT ends a program."""


def said(run: Callable[[], int]) -> int:
    """Run a command to its end: its exit status. A reader who has gone (`head`) and Ctrl-C end it without a word; of a
    sign that a terminal in EUC or ASCII does not know, it gets the number."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = run()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the last flush would fail as well
        return UNREAD
    except KeyboardInterrupt:
        return STOPPED
    return status
