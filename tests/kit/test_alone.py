"""One at a time on a machine: across processes, and after the death of whoever was in it."""

from __future__ import annotations

import errno
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.kit.alone import alone
from tests.processes import eventually
from tests.town import ROOT

HOLD = """
import pathlib, sys
from marketplace.kit.alone import alone
with alone(pathlib.Path(sys.argv[1]), 0):
    print("in", flush=True)
    sys.stdin.read()
"""


def is_free(directory: Path) -> bool:
    try:
        with alone(directory, 0):
            return True
    except TimeoutError:
        return False


def test_what_another_process_does_is_waited_for_and_its_death_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        assert not is_free(tmp_path)
        other.kill()
        assert eventually(lambda: is_free(tmp_path))


def test_another_thread_is_another_too_and_whoever_fails_leaves_it_free(tmp_path: Path) -> None:
    def fail() -> None:
        with alone(tmp_path, 0):
            assert not is_free(tmp_path)  # as another thread would ask: by a handle of its own
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert is_free(tmp_path)


def test_where_the_file_system_locks_no_directory_nobody_waits_or_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As NFS does not: https://man7.org/linux/man-pages/man2/flock.2.html"""

    def refuse(_handle: int, _how: int) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert is_free(tmp_path)
