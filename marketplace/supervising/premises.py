"""The directory of a town on this machine: whose it is, its secrets and its ports. Made once, found again by each run.

hiroba.town   says that the directory is ours, and whether its first run came to its end
hiroba.env    secrets and ports, for the owner's eyes only, in the words of marketplace/settings/
hiroba.lock   held by every process of the town
"""

import fcntl
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

LOCK, MARKER, ENV = "hiroba.lock", "hiroba.town", "hiroba.env"
UNFINISHED, OPEN = "unfinished\n", "open\n"
LEAST = 64 * 1024**2
"""Bytes that a town needs for its first days."""


class CannotStart(Exception):
    """Why the town can't be opened, and what to do, in one line for the person at the terminal."""


class Premises:
    """A directory that is ours and that no other run uses."""

    def __init__(self, directory: Path, lock: int) -> None:
        self.directory = directory
        self.lock = lock
        """The file descriptor that children inherit: while one of them lives, no other run may begin."""
        self._marker = directory / MARKER
        self._env = directory / ENV

    def prepare(self, fresh: bool, say: Callable[[str], None]) -> bool:
        """Empty the directory if `fresh` or if its first run never came to its end. True: a new town is to be built."""
        if self._marker.exists() and not fresh and self._marker.read_text("utf-8") == OPEN:
            return False
        if self._marker.exists():
            if not fresh:
                say("the first run in this directory did not come to its end: it begins again")
            _empty(self.directory)
        _write(self._marker, UNFINISHED)
        return True

    def opened(self) -> None:
        """The first run is complete: from now on the data is kept."""
        _write(self._marker, OPEN)

    def environment(self, given: Mapping[str, str], port: int) -> dict[str, str]:
        """What the town's processes are told: what was given to us, else what is written down here."""
        kept = _written(read(self._env), port)
        _write(self._env, "".join(f"{name}={value}\n" for name, value in kept.items()))
        return _told(kept, given, self.directory)


@contextmanager
def claimed(directory: Path, say: Callable[[str], None], patience: float = 20.0) -> Iterator[Premises]:
    """The directory, for this run alone. Raises CannotStart, if another run holds it after `patience` seconds."""
    directory = directory.resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {path.name for path in directory.iterdir()}
        if names - {LOCK, "backups", f"{MARKER}.new"} and MARKER not in names:
            raise CannotStart(
                f"{directory} holds something else: name a directory of Hiroba's, or a new one, by --data."
            )
        lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(f"{directory} can't be used ({error.strerror}): name another by --data.") from error
    try:
        _wait_for(lock, directory, say, patience)
        yield Premises(directory, lock)
    finally:
        os.close(lock)


def foreseen(directory: Path, given: Mapping[str, str], port: int, fresh: bool) -> dict[str, str]:
    """What a run would tell the town's processes, before anything is made, emptied or written down."""
    directory = directory.resolve()
    marker = directory / MARKER
    goes_on = not fresh and marker.exists() and marker.read_text("utf-8") == OPEN
    return _told(_written(read(directory / ENV) if goes_on else {}, port), given, directory)


def shortage(directory: Path, free: int) -> str:
    """What is said besides of a trouble on a disk with so many bytes `free`, where it may well come from that."""
    if free >= LEAST:
        return ""
    return f" Only {free // 1024**2} MB are free at {directory}: make room, then run this again."


def merged(kept: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What is `given`, over what was `kept`. A chain or a Stripe that is given is another one, so that nothing which
    was kept about ours is true of it."""
    theirs = [
        *(["CHAIN_"] if "CHAIN_URL" in given else []),
        *(["STRIPE_"] if "STRIPE_SECRET_KEY" in given or "STRIPE_API_BASE" in given else []),
    ]
    return {**{name: value for name, value in kept.items() if not name.startswith(tuple(theirs))}, **given}


def read(env: Path) -> dict[str, str]:
    """NAME=value lines as a dictionary; an empty one where there is no such file."""
    if not env.exists():
        return {}
    return dict(line.split("=", 1) for line in env.read_text("utf-8").splitlines() if "=" in line)


def _written(before: Mapping[str, str], port: int) -> dict[str, str]:
    """The words of hiroba.env. Ports that another program has taken since are chosen anew."""
    kept = dict(before) or {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "KEY_PASSWORD": secrets.token_urlsafe(32),
        "CHAIN_ID": str(700_000 + secrets.randbelow(100_000)),  # own, so that no signature fits another town's chain
        "CHAIN_EMBEDDED": "1",
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(24)}",
        "STRIPE_WEBHOOK_SECRETS": f"whsec_{secrets.token_hex(24)}",
    }
    with ExitStack() as held:  # all at once, or two could get the same one
        for name in ("CHAIN_URL", "STRIPE_API_BASE"):
            kept[name] = f"http://127.0.0.1:{_port(urlsplit(kept.get(name, '')).port, held)}"
    return {**kept, "DEMO": "1", "BASE_URL": f"http://127.0.0.1:{port}"}


def _told(kept: Mapping[str, str], given: Mapping[str, str], directory: Path) -> dict[str, str]:
    return {**merged(kept, given), "DATA_DIR": str(directory)}


def _wait_for(lock: int, directory: Path, say: Callable[[str], None], patience: float) -> None:
    """A run that was just ended, even by force, may still have processes that are putting things away."""
    give_up = time.monotonic() + patience
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not told:
                say("waiting for the last run in this directory to let go of it")
                told = True
            if time.monotonic() >= give_up:
                advice = "stop that one, or name another by --data."
                raise CannotStart(f"{directory} is in use by another run of Hiroba: {advice}") from None
        time.sleep(0.1)


def _empty(directory: Path) -> None:
    """Everything but the lock and the backups; the marker last, so that a half emptied directory is still known as
    ours."""
    for path in sorted(directory.iterdir(), key=lambda path: path.name == MARKER):
        if path.name in (LOCK, "backups"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _port(last: int | None, held: ExitStack) -> int:
    """The port of the last run if it is free, else any free one; not given out again until `held` is closed."""
    for port in (last, 0):
        if port is None:
            continue
        try:
            server = held.enter_context(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        number: int = server.getsockname()[1]
        return number
    raise CannotStart("There is no free port on 127.0.0.1.")


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for the owner only."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
