"""Everything is killed, again and again, and in the end each right was issued exactly once."""

import contextlib
import multiprocessing
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from flask import Flask

from marketplace.chain import following, register, sending, settling
from marketplace.chain.deploying import ensure_contracts
from marketplace.chain.models import CallState, TxState
from marketplace.chain.node import node
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.settings import Settings
from tests.chain import given
from tests.chain.dying_sender import work_until_killed
from tests.local_chain import free_port, need_anvil

CHAIN_ID = 4_243
RIGHTS = 60
KILLS = 2
DEATHS = 2
SENDERS = 2
SECONDS = 90.0

Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def port() -> int:
    need_anvil()
    return free_port()


@pytest.fixture
def settings(settings: Settings, port: int) -> Settings:
    url = f"http://127.0.0.1:{port}"
    return settings.model_copy(update={"chain_url": url, "chain_id": CHAIN_ID, "chain_embedded": True})


@pytest.fixture
def start_chain(port: int, tmp_path: Path) -> Iterator[Start]:
    """Starts the embedded chain behind its keeper; ready when it returns."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        where = ["--port", str(port), "--data", str(tmp_path / "chain"), "--chain-id", str(CHAIN_ID)]
        command = [sys.executable, "-m", "marketplace.chain.embedded", *where]
        until = time.monotonic() + 20
        while time.monotonic() < until:  # the killed one's port is free only when the kernel has cleared it away
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            started.append(process)
            assert process.stdout is not None
            if process.stdout.readline():
                return process
            process.wait()
        raise AssertionError("the chain does not start")

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def senders(settings: Settings) -> Iterator[Callable[[], int]]:
    """Keeps two senders alive: called, it replaces the dead, and says how many have died so far."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chain.dying_sender"])
    alive: list[ForkServerProcess] = []
    born = 0

    def replace_the_dead() -> int:
        nonlocal born
        alive[:] = [each for each in alive if each.is_alive()]
        while len(alive) < SENDERS:
            born += 1
            process = context.Process(target=work_until_killed, args=(settings, born), daemon=True)
            process.start()
            alive.append(process)
        return born - SENDERS

    yield replace_the_dead
    for process in alive:
        process.kill()
        process.join()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes the chain down with its keeper")
def test_each_right_is_issued_exactly_once_whoever_is_killed(
    app: Flask, start_chain: Start, senders: Callable[[], int]
) -> None:
    chance = random.Random(7)
    chain = start_chain()
    ensure_contracts()
    given.a_series()
    promised = kills = deaths = 0
    until = time.monotonic() + SECONDS
    while waiting():  # until the first senders are on their feet
        assert time.monotonic() < until
        senders()
        time.sleep(0.05)
    next_kill = time.monotonic() + 1
    while promised < RIGHTS or kills < KILLS or deaths < DEATHS or waiting() or settling.fallen_back():
        assert time.monotonic() < until, (promised, kills, deaths, given.calls())
        deaths = senders()
        if promised < RIGHTS:
            with transaction():
                for _ in range(2):
                    promised += 1
                    promise_alone(promised)
        if kills < KILLS and time.monotonic() > next_kill:
            chain.send_signal(signal.SIGKILL)
            chain.wait()
            kills += 1
            chain = start_chain()
            next_kill = time.monotonic() + chance.uniform(0.7, 1.4)
        with contextlib.suppress(Unavailable):
            following.follow_once()
        time.sleep(0.08)

    following.follow_once()
    assert set(given.calls().values()) == {CallState.MINED}
    assert set(given.txs()) == {TxState.MINED}
    expected = list(range(1_000_001, 1_000_001 + RIGHTS))
    assert sorted(log["tokenId"] for log in given.logs("RightIssued")) == expected
    assert sorted(log["tokenId"] for log in given.logs("Transfer")) == expected
    owners = {token_id: given.owner(token_id) for token_id in expected}
    assert owners == {
        1_000_000 + serial: register.custody_address(given.custody_id(serial)).lower()
        for serial in range(1, RIGHTS + 1)
    }
    assert sending.work() == 0
    assert register.status()["followed_block"] == node().head().number


def waiting() -> int:
    db.session.rollback()  # look anew: other processes write
    return register.waiting()


def promise_alone(serial: int) -> None:
    """A right in a transaction of its own, so that there are many of them to go wrong."""
    to = register.custody_address(given.custody_id(serial))
    item = {"to": to, "serial": serial, "ref": "0x" + "00" * 32}
    key = f"issue:1:{serial}"
    sending.promise(key, "issuer", "RightsToken", "issueBatch", [1], group=f"right:{serial}", item=item)
