"""The town's real programs, several of each against one database, as on several machines; each started again when it
dies, as a system's supervisor does."""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from marketplace.application import create_app
from marketplace.settings import Settings
from marketplace.supervising import gunicorn
from tests.local_chain import CHAIN_ID, free_port, need_anvil
from tests.local_stripe import SECRET
from tests.processes import eventually, living_in
from tests.town import status

ROOT = Path(__file__).parents[2]
PAUSE = 0.3
"""Seconds between two starts of one program."""


@dataclass
class Fleet:
    data: Path
    env: dict[str, str]
    webs: list[int]
    """Their ports."""
    programs: dict[str, list[str]]
    """Name to the arguments of this Python."""
    alive: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)
    restarts: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)

    def start(self, *names: str) -> None:
        for name in names or self.programs:
            with (self.data / f"{name}.log").open("ab") as log:
                self.alive[name] = subprocess.Popen(
                    [sys.executable, *self.programs[name]],
                    env=self.env,
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.began[name] = time.monotonic()

    def run(self, command: str) -> None:
        """One command of `python -m marketplace`, to its end."""
        subprocess.run(
            [sys.executable, "-m", "marketplace", command], env=self.env, cwd=ROOT, check=True, capture_output=True
        )

    def tend(self) -> None:
        """Start again what has died, after what is left of it."""
        for name, process in list(self.alive.items()):
            if process.poll() is not None and time.monotonic() - self.began[name] > PAUSE:
                self._sweep(process)
                self.restarts[name] += 1
                self.start(name)

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL to any of their processes: a master, one of its hands, the chain's node below its keeper."""
        with suppress(ProcessLookupError, FileNotFoundError, IndexError):
            pid = dice.choice(living_in(self.data))
            group = os.getpgid(pid)
            os.kill(pid, signal.SIGKILL)
            self.killed[next((name for name, one in self.alive.items() if one.pid == group), "the chain's node")] += 1

    def shows(self, path: str = "/healthz") -> bool:
        """Whether each web shows this page."""
        with suppress(OSError, http.client.HTTPException):
            return all(status(port, path) == 200 for port in self.webs)
        return False

    def stop(self) -> None:
        for process in self.alive.values():
            process.terminate()
        for process in self.alive.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            self._sweep(process)
        assert eventually(lambda: living_in(self.data) == [])

    def _sweep(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def settings_of(fleet: Fleet) -> Settings:
    names = {name.lower(): value for name, value in fleet.env.items() if name.lower() in Settings.model_fields}
    return Settings(**names)  # type: ignore[arg-type]


def looking_at(fleet: Fleet) -> Flask:
    """The fleet's own application, seen from here."""
    return create_app(settings_of(fleet))


def _free_ports(count: int) -> set[int]:
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return ports


@contextmanager
def at_anchor(data: Path, database_url: str, webs: int = 2, workers: int = 2, followers: int = 2) -> Iterator[Fleet]:
    """A fleet that has not started: SQLite in `data` where there is no URL. It is stopped in the end."""
    need_anvil()
    data.mkdir(exist_ok=True)
    chain, stripe, *ports = _free_ports(2 + webs)
    mine = {
        "DATA_DIR": str(data),
        "DATABASE_URL": database_url,
        "QUEUE_URL": database_url if database_url.startswith("postgresql") else "",
        "BASE_URL": f"http://127.0.0.1:{ports[0]}",
        "SECRET_KEY": "a test's secret",
        "KEY_PASSWORD": "a test's password",
        "CHAIN_URL": f"http://127.0.0.1:{chain}",
        "CHAIN_ID": str(CHAIN_ID),
        "CHAIN_EMBEDDED": "1",
        "STRIPE_API_BASE": f"http://127.0.0.1:{stripe}",
        "STRIPE_SECRET_KEY": "sk_test_local",
        "STRIPE_WEBHOOK_SECRETS": SECRET,
        "BEACON_URL": "",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    hooks = ["--webhook-url", f"http://127.0.0.1:{ports[-1]}/webhooks/stripe", "--webhook-secret", SECRET]
    kept = ["--port", str(chain), "--chain-id", str(CHAIN_ID), "--data", str(data / "chain")]
    programs = {
        "chain": ["-m", "marketplace.chain.embedded", *kept],
        "stripe": ["-m", "marketplace.devstripe", "--port", str(stripe), "--data", str(data / "stripe.db"), *hooks],
        **{f"web {n}": gunicorn("wsgi:app", port, 1, 4) for n, port in enumerate(ports)},
        **{f"worker {n}": ["-m", "marketplace", "worker"] for n in range(workers)},
        **{f"follower {n}": ["-m", "marketplace", "follow"] for n in range(followers)},
    }
    fleet = Fleet(data, {**os.environ, **mine}, ports, programs)
    try:
        yield fleet
    finally:
        fleet.stop()
