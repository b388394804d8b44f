"""deploy/roll and deploy/town, with systemd's programs that write down what they are told."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

import pytest

from tests.town import ROOT

DEPLOY = ROOT / "deploy"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH on which systemctl and systemd-run write down what they are told."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("systemctl", "systemd-run"):
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*"\n')
        (tools / name).chmod(0o755)
    for name in ("sh", "dirname", "sleep", "flock", "curl"):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"roll: {name} is not on PATH")
        (tools / name).symlink_to(found)
    return tools


def roll(programs: Path, *ports: int, **more: str) -> subprocess.CompletedProcess[str]:
    command = [str(checkout(programs.parent, "hiroba-1")), *map(str, ports)]
    return subprocess.run(command, env={"PATH": str(programs), **more}, capture_output=True, text=True, timeout=60)


def checkout(above: Path, name: str) -> Path:
    """Its `roll`. A checkout of this test's own: those of other tests may be under way."""
    made = above / name / "deploy" / "roll"
    made.parent.mkdir(parents=True)
    shutil.copy(DEPLOY / "roll", made)
    return made


def test_each_port_is_started_anew_and_is_ready_before_the_next_and_then_what_else_runs_here(programs: Path) -> None:
    """Whatever proxy the environment names: what is asked is here."""
    answering = [Answering(0), Answering(1)]
    try:
        ports = [each.port for each in answering]
        done = roll(programs, *ports, http_proxy="http://127.0.0.1:9")
    finally:
        for each in answering:
            each.leave()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:-1] == [
        "systemctl start hiroba-migrate",
        *(f"systemctl restart hiroba-web@{port}" for port in ports),
        "systemctl try-restart hiroba-worker@* hiroba-follow",
    ]


class Answering:
    """A web that says it is ready, after so many askers who hear nothing."""

    def __init__(self, silences: int) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._answer, args=(silences,), daemon=True)
        self.thread.start()

    def leave(self) -> None:
        """To close a socket wakes nobody who waits at it: they would wait on, at the next one of the same number."""
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()

    def _answer(self, silences: int) -> None:
        with suppress(OSError), ExitStack() as silent:
            for came in count():
                asker, _ = self.server.accept()
                if came < silences:
                    silent.enter_context(asker)
                    continue
                with asker:
                    asker.recv(4096)
                    asker.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_two_at_once_do_not_start_both_ports_anew(programs: Path) -> None:
    """Not from two checkouts either: the first one that is told to migrate finds the second one begun."""
    other = checkout(programs.parent, "hiroba-2")
    (programs / "systemctl").write_text(f'#!/bin/sh\necho "systemctl $*"\n"{other}" 2>&1\n')
    first = roll(programs)
    assert (first.returncode, first.stderr) == (1, "")
    assert first.stdout.splitlines() == [
        "systemctl start hiroba-migrate",
        "deploy/roll is under way on this host already",
    ]


def test_what_it_asks_by_is_missed_before_anything_is_stopped(programs: Path) -> None:
    (programs / "curl").unlink()
    refused = roll(programs)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "deploy/roll asks the web by curl: apt-get install curl\n"


def test_a_fault_that_doctor_finds_is_no_failed_unit_of_the_host(programs: Path) -> None:
    said = subprocess.run([DEPLOY / "town", "doctor"], env={"PATH": str(programs)}, capture_output=True, text=True)
    assert {"--collect", "--wait"} <= set(said.stdout.split())
