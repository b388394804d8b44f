"""A fault of ours that a promise or a clock outlives: it is logged and tried again, and no test would notice it."""

from __future__ import annotations

import logging
import threading
import traceback
from pathlib import Path

import pytest

from ipfs.errors import IpfsError
from marketplace.kit.refusals import Refused, Rejected, Unavailable

HERE = str(Path(__file__).parent)
MEANT = (Refused, Rejected, Unavailable, IpfsError)
"""A no of the house, and trouble outside: see refusals.py, and ipfs/errors.py for blocks that are gone or damaged."""
WHO_GOES_ON = ("marketplace", "huey")
"""Loggers of those who catch all that fails: outbox, sheets, clocks, followers, the bell; and of pages."""


class Faults(logging.Handler):
    """Keeps what was logged of errors that nobody meant: neither of those kinds, nor raised by a test where our code
    calls it, nor come of that."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []
        self._earlier: set[threading.Thread] = set()

    def begin(self) -> None:
        """A test begins: what an earlier one left untold is not its own, nor what threads of that one may log yet."""
        self.found.clear()
        self._earlier = set(threading.enumerate()) - {threading.current_thread()}

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if threading.current_thread() in self._earlier:
            return
        if error and not isinstance(error, MEANT) and not _raised_by_a_test(error):
            self.found.append("".join([f"{record.getMessage()}\n", *traceback.format_exception(error)]))

    def take(self) -> list[str]:
        """What there are, each by its first line, for a test that is about them: they are forgotten."""
        return [each.partition("\n")[0] for each in self._taken()]

    def tell(self) -> None:
        """Fail where there are some, and forget them."""
        if found := self._taken():
            pytest.fail("logged as a fault of ours:\n" + "\n".join(found), pytrace=False)

    def _taken(self) -> list[str]:
        found, self.found = self.found, []
        return found


FAULTS = Faults()


def listen() -> None:
    """From now on, in this process."""
    for name in WHO_GOES_ON:
        logging.getLogger(name).addHandler(FAULTS)


def _raised_by_a_test(error: BaseException | None) -> bool:
    while error is not None:
        frames = [frame for frame, _line in traceback.walk_tb(error.__traceback__)]
        if frames and frames[-1].f_code.co_filename.startswith(HERE):
            return True
        error = error.__cause__ or error.__context__
    return False
