"""The town as a person starts it, with its real programs; without the demo's story, which takes its time."""

import http.client
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.local_chain import free_port, need_anvil
from tests.processes import LONG, eventually, is_gone, living_in

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.node, pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc")]


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


def test_it_says_when_it_is_ready_stops_when_told_and_finds_everything_again(tmp_path: Path) -> None:
    data, port = tmp_path / "town", free_port()
    with town(data, port) as first:
        assert first.until_said("Hiroba") == f"Hiroba is ready: http://127.0.0.1:{port}"
        assert status(port, "/readyz") == 200
        first.process.send_signal(signal.SIGTERM)
        assert first.ends() == 0
        assert living_in(data) == []
    kept = (data / "hiroba.env").read_text()
    with town(data, port) as second:
        second.until_said("Hiroba is ready")
        assert [line for line in second.said if line.startswith(("the demo town", "seed"))] == []
        second.process.send_signal(signal.SIGINT)
        assert second.ends() == 0
    assert (data / "hiroba.env").read_text() == kept


def test_what_dies_comes_back_and_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    data, port = tmp_path / "town", free_port()
    with town(data, port) as up:
        up.until_said("Hiroba is ready")
        for name, words in (("worker", b"marketplace worker"), ("web", b"gunicorn"), ("chain", b"chain.embedded")):
            before = pid_of(data, words)
            os.kill(before, signal.SIGKILL)
            assert up.until_said(f"{name:<9}ended").endswith("started again in 0.5 s")
            assert eventually(lambda before=before, words=words: _comes_back(data, words, before))  # type: ignore[misc]
        assert eventually(lambda: _answers(port))
        children = living_in(data)
        up.process.kill()
        assert eventually(lambda: all(map(is_gone, children)))
    with town(data, port) as again:
        again.until_said("Hiroba is ready")


def test_a_port_that_is_taken_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "marketplace", "up", "--data", str(tmp_path / "town"), "--port", str(port)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        refused = subprocess.run(command, env=env, capture_output=True, text=True)
    advice = f"stop what uses it, or choose another by --port {port + 1}."
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        f"Port {port} can't be used (Address already in use): {advice}\n",
    )


def _comes_back(data: Path, words: bytes, before: int) -> bool:
    try:
        return pid_of(data, words) != before
    except (ValueError, FileNotFoundError):
        return False


def _answers(port: int) -> bool:
    try:
        return status(port, "/readyz") == 200
    except (OSError, http.client.HTTPException):
        return False
