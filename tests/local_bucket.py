"""An S3-compatible store of other people (rclone) as a process of its own: it checks signatures, and its buckets are
directories in which a test may look, and do harm."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from marketplace.settings import Settings
from tests.local_chain import free_port
from tests.operating.looked import changed
from tests.postgres import end_with_parent

KEY_ID, SECRET = "town", "open-sesame"


@dataclass(frozen=True)
class LocalBucket:
    url: str
    directory: Path

    def settings(self, settings: Settings, **knobs: Any) -> Settings:
        """Of a town that keeps its bytes here."""
        here = {"s3_endpoint": self.url, "s3_bucket": self.directory.name, "s3_key_id": KEY_ID, "s3_secret": SECRET}
        patient = {"s3_timeout_s": 60}  # a busy machine
        return changed(settings, **{"uploads": "bucket", **here, **patient, **knobs})

    def names(self) -> list[str]:
        files = (path for path in self.directory.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.directory).as_posix() for path in files)

    def write(self, key: str, data: bytes) -> None:
        """As somebody does who has the store's disk."""
        (self.directory / key).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / key).write_bytes(data)

    def age(self, key: str, by: timedelta) -> None:
        put_at = time.time() - by.total_seconds()
        os.utime(self.directory / key, (put_at, put_at))


@dataclass(frozen=True)
class LocalStore:
    url: str
    directory: Path
    process: subprocess.Popen[bytes]

    def bucket(self) -> LocalBucket:
        """A new one."""
        place = self.directory / f"b{secrets.token_hex(6)}"
        place.mkdir()
        return LocalBucket(self.url, place)


@contextmanager
def serving(directory: Path) -> Iterator[LocalStore]:
    """Skip, by name, where the wheel of rclone has no program for this platform."""
    program = shutil.which("rclone", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("rclone: there is no wheel of it for this platform")
    port = free_port()
    address = f"127.0.0.1:{port}"
    serve = [program, "serve", "s3", "--config", "", "--addr", address, "--auth-key", f"{KEY_ID},{SECRET}"]
    process = subprocess.Popen(
        [*serve, "--dir-cache-time", "1ms", "--vfs-cache-mode", "off", str(directory)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"HOME": str(directory), "PATH": os.environ["PATH"]},
        preexec_fn=end_with_parent,
    )
    try:
        _wait(port, process)
        yield LocalStore(f"http://{address}", directory, process)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, f"rclone ended with {process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("rclone does not answer")
