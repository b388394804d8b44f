"""How long each request took, counted for all processes of this machine together.

Every process counts in a file of its own, which it holds by a lock and has mapped into its memory, so that counting is
an addition and no process waits for another. Reading adds up all files. When a process dies, the kernel frees its
file, and the next one counts on from there: counters never fall, and there are never more files than processes at once.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends in seconds; what took longer is only in the count."""
STATUSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
SLOTS = 256
BYTES = 8


class Counters:
    """Numbers by place, shared through the files of one directory. Safe in threads and after a fork."""

    def __init__(self, directory: Path, count: int) -> None:
        """`count` numbers. Another count is another directory: see layout()."""
        self.directory, self.count = directory, count
        self._lock = threading.Lock()
        self._owner = 0
        self._mine: memoryview[float] = memoryview(b"").cast("d")
        self._let_go = lambda: None

    def add(self, *places: tuple[int, float]) -> None:
        """Add to some numbers."""
        with self._lock:
            if self._owner != os.getpid():
                self._claim()
            for place, amount in places:
                self._mine[place] += amount

    def totals(self) -> list[float]:
        """Over all processes, living and dead."""
        found = [0.0] * self.count
        for file in sorted(self.directory.glob("*")) if self.directory.is_dir() else ():
            content = file.read_bytes()
            if len(content) == self.count * BYTES:
                found = [have + more for have, more in zip(found, memoryview(content).cast("d"), strict=True)]
        return found

    def _claim(self) -> None:
        """A file that nobody holds. Without one (a full disk, a directory of another user) we count for nobody."""
        self._owner = os.getpid()
        self._mine = memoryview(bytearray(self.count * BYTES)).cast("d")
        with suppress(OSError):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in range(SLOTS):
                handle = os.open(self.directory / f"{number:03}", os.O_RDWR | os.O_CREAT, 0o600)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(handle)
                    continue
                os.ftruncate(handle, self.count * BYTES)
                self._mine = memoryview(mmap.mmap(handle, self.count * BYTES)).cast("d")
                self._let_go = weakref.finalize(self, os.close, handle)
                return


class Requests:
    """A histogram of durations for each office, and how each office answered."""

    def __init__(self, directory: Path, offices: Sequence[str]) -> None:
        self.offices = list(offices)
        layout = sha256(repr((self.offices, BUCKETS, STATUSES)).encode()).hexdigest()[:8]
        self.width = len(BUCKETS) + 1 + len(STATUSES)
        self.counters = Counters(directory / layout, len(self.offices) * self.width)
        self._first = {office: number * self.width for number, office in enumerate(self.offices)}

    def answered(self, office: str, status: int, seconds: float) -> None:
        first = self._first[office]
        places = [(first + place, 1.0) for place, end in enumerate(BUCKETS) if seconds <= end][:1]
        places += [(first + len(BUCKETS), seconds), (first + len(BUCKETS) + 1 + min(max(status // 100, 1), 5) - 1, 1.0)]
        self.counters.add(*places)

    def found(self) -> dict[str, tuple[list[float], float, dict[str, float]]]:
        """{office: (how many took at most each of BUCKETS, seconds in all, {status: how many})}, of those asked."""
        totals = self.counters.totals()
        seen = {}
        for office, first in self._first.items():
            each = totals[first : first + len(BUCKETS)]
            statuses = dict(zip(STATUSES, totals[first + len(BUCKETS) + 1 : first + self.width], strict=True))
            if any(statuses.values()):
                cumulative = [sum(each[: place + 1]) for place in range(len(each))]
                seen[office] = (cumulative, totals[first + len(BUCKETS)], statuses)
        return seen
