"""What a command says goes to a person, a file, or another program that may have read enough."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

UNREAD, STOPPED, UNSAID = 128 + 13, 128 + 2, 2
"""What a shell calls it when SIGPIPE or SIGINT ends a program; and a no, as any other."""


class Unsaid(Exception):
    """What a command says can't be written. No OSError: no command takes it for trouble with a file of its own."""


class Mouth(io.TextIOBase):
    """stdout, whose trouble is told from that of other files."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, words: str, /) -> int:
        with _saying():
            return self._out.write(words)

    def flush(self) -> None:
        with _saying():
            self._out.flush()

    def fileno(self) -> int:
        return self._out.fileno()

    def isatty(self) -> bool:
        return self._out.isatty()


@contextmanager
def _saying() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as trouble:
        raise Unsaid(trouble.strerror) from trouble


def said(run: Callable[[], int]) -> int:
    """Run a command to its end: its exit status. A reader who has gone (`head`) and Ctrl-C end it without a word;
    where its words can't be written, as on a full disk, one line on stderr says so. Of a sign that a terminal in EUC or
    ASCII does not know, it gets the number."""
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="backslashreplace")
    try:
        with redirect_stdout(Mouth(out)):
            status = _to_its_end(run)
    except BrokenPipeError:
        _be_silent(out)
        return UNREAD
    except Unsaid as trouble:
        _be_silent(out)
        sys.stderr.write(f"what there is to say can't be written: {trouble}\n")
        return UNSAID
    except KeyboardInterrupt:
        return STOPPED
    return status


def _to_its_end(run: Callable[[], int]) -> int:
    """With what was said written out: argparse leaves by SystemExit after its help, which would fail unheard."""
    try:
        status = run()
    except SystemExit:
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return status


def _be_silent(out: TextIO) -> None:
    """Else the last flush would fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
