"""A Redis server that is one test's own."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.local_chain import free_port
from tests.processes import eventually


class LocalRedis:
    """Skips where there is no redis-server."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis: redis-server is not on PATH")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        quiet = ["--save", "", "--appendonly", "no", "--dir", str(folder), "--loglevel", "warning"]
        self.command = [program, "--port", str(self.port), "--bind", "127.0.0.1", *quiet]
        self.start()

    def start(self) -> None:
        self.server = subprocess.Popen(self.command)
        assert eventually(self._listens)

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait(timeout=30)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
