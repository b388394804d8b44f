"""Servers to measure: a town in a directory of its own, and hello, the plainest Flask application, under gunicorn."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from marketplace.settings import Settings
from marketplace.supervising import gunicorn

ROOT = Path(__file__).parents[1]
SECONDS_TO_START = 300.0

hello = Flask("hello")


@hello.get("/")
def say_hello() -> str:
    return "hello"


@dataclass(frozen=True)
class Served:
    """Something that answers at 127.0.0.1."""

    port: int
    process: int
    seconds_to_ready: float
    program: str = "gunicorn"

    def processes(self) -> list[int]:
        """Those of its program, children too."""
        name = self.program.encode()
        return [pid for pid in _descendants(self.process) if name in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def processor_seconds(self) -> float:
        """What they have used so far, by each process' own clock: /proc counts hundredths, too coarse for one order.

        The clock of another process: https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html
        """
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.processes())


@contextmanager
def town(data: Path) -> Iterator[Served]:
    """The town in `data`, by scripts/run; a new directory becomes the demo town."""
    port = free_port()
    command = [str(ROOT / "scripts" / "run"), "--port", str(port), "--data", str(data)]
    with started(command, port, "readyz") as running:
        yield running


@contextmanager
def hello_server() -> Iterator[Served]:
    """Hello, with as many processes and threads as the town's web."""
    with served("benchmarks.serving:hello", {}) as running:
        yield running


@contextmanager
def web(settings: Settings) -> Iterator[Served]:
    """The web processes alone, of a town whose database is there already."""
    secret = settings.secret_key.get_secret_value()
    env = {"DATABASE_URL": settings.database, "DATA_DIR": str(settings.data_dir), "SECRET_KEY": secret}
    with served("wsgi:app", env, "healthz") as running:
        yield running


@contextmanager
def served(app: str, env: Mapping[str, str], ready: str = "") -> Iterator[Served]:
    """A WSGI application under the town's gunicorn, with these variables of the environment beside our own."""
    port, settings = free_port(), Settings()
    command = [sys.executable, *gunicorn(app, port, settings.web_workers, settings.web_threads)]
    with started(command, port, ready, {**os.environ, **env}) as running:
        yield running


@contextmanager
def started(command: list[str], port: int, ready: str, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """The command, once /`ready` answers 200; stopped afterwards. RuntimeError with its words if it does not start."""
    with tempfile.TemporaryFile("w+") as log:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=env)
        try:
            while not _answers(port, ready):
                if process.poll() is not None or time.monotonic() - began > SECONDS_TO_START:
                    log.seek(0)
                    raise RuntimeError(log.read())
                time.sleep(0.02)
            yield Served(port, process.pid, time.monotonic() - began)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _descendants(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(deeper for child in children for deeper in _descendants(int(child)))]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
        return number
