"""The town as a person starts it, with its real programs; without the demo's story, which takes its time."""

import http.client
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.local_chain import need_anvil
from tests.processes import LONG, eventually, living_in

ROOT = Path(__file__).parents[1]


class Town:
    """One `python -m marketplace up`, and the lines that it has said."""

    def __init__(self, data: Path, port: int) -> None:
        self.data, self.port = data, port
        env = {**os.environ, "DEMO": "0", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "marketplace", "up", "--port", str(port), "--data", str(data)]
        self.process = subprocess.Popen(
            command, env=env, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put("")

    def until_said(self, text: str) -> str:
        """The next line that begins so."""
        while True:
            line = self._lines.get(timeout=LONG)
            self.said.append(line)
            if line.startswith(text):
                return line
            assert line or self.process.poll() is None, self.said

    def ends(self) -> int:
        status = self.process.wait(timeout=LONG)
        self._reader.join()
        return status


@contextmanager
def town(data: Path, port: int) -> Iterator[Town]:
    need_anvil()
    town = Town(data, port)
    try:
        yield town
    finally:
        town.process.kill()
        town.ends()
        assert town.process.stdout is not None
        town.process.stdout.close()
        assert eventually(lambda: living_in(data) == [])


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse().status
    connection.close()
    return answer


def pid_of(data: Path, words: bytes) -> int:
    """The first of the town's processes whose command has these words."""
    return min(
        pid for pid in living_in(data) if words in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    )
