"""Seconds from scripts/run to a town that is ready, everything being installed: the first time, and again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Result, compared
from benchmarks.serving import hello_server, town

ROUNDS = 3


def measure() -> Iterator[Result]:
    first: list[float] = []
    again: list[float] = []
    plain: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as data:
            with town(Path(data) / "town") as served:
                first.append(served.seconds_to_ready)
            with town(Path(data) / "town") as served:
                again.append(served.seconds_to_ready)
        with hello_server() as served:
            plain.append(served.seconds_to_ready)
    yield compared("start.first", "s", first, "hello", plain)
    yield compared("start.again", "s", again, "hello", plain)
