"""Everything is killed, again and again, and in the end each right was issued exactly once. Three runs, all exact.

A run promises 4,000 rights, five to a transaction. Three senders die at random moments: before, between and after
whatever they do outside themselves and at each commit. The chain's keeper is killed every few seconds, and its node
with it. `crash.issued` is what the chain says in the end; the ratio to what was promised must be 1.
"""

import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import Result, compared
from benchmarks.chains import CHAIN_ID, a_series, wallet
from benchmarks.serving import free_port
from marketplace.application import create_app
from marketplace.chain import contract, following, register, sending, settling
from marketplace.chain.contract import RIGHTS
from marketplace.chain.deploying import ensure_contracts
from marketplace.chain.models import Call, CallState, Log, Tx, TxState
from marketplace.chain.node import Web3Node, node
from marketplace.kit import schema
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.ports import Ports
from marketplace.settings import Settings

RUNS = 3
MORTAL = ("send", "receipts", "headers", "fees")
"""What a sender may die at."""
HEAVY = ("benchmarks", "marketplace", "web3", "eth_account", "requests")


@dataclass(frozen=True)
class Plan:
    rights: int = 4_000
    together: int = 5
    senders: int = 3
    death: float = 0.05
    """The chance of dying at each moment."""
    deaths: int = 101
    kills: int = 15
    between: tuple[float, float] = (1.2, 3.5)
    """Seconds from one kill of the chain to the next."""
    seconds: float = 900.0


@dataclass
class Outcome:
    promised: int = 0
    deaths: int = 0
    kills: int = 0
    fell_back: int = 0
    """Kills after which the chain's head was lower than before."""
    issued: list[int] = field(default_factory=list)
    """Tokens of the RightIssued events, in the order of the chain."""
    moved: list[int] = field(default_factory=list)
    """Tokens of the Transfer events."""
    strangers: int = 0
    """Rights in wrong hands, asked of the chain itself."""
    calls: set[CallState] = field(default_factory=set)
    txs: set[TxState] = field(default_factory=set)
    seconds: float = 0.0

    def exact(self, plan: Plan) -> bool:
        expected = [1_000_000 + serial for serial in range(1, plan.rights + 1)]
        right = sorted(self.issued) == sorted(self.moved) == expected and self.strangers == 0
        return right and self.calls == {CallState.MINED} and self.txs == {TxState.MINED}


def measure() -> Iterator[Result]:
    for number in range(1, RUNS + 1):
        with tempfile.TemporaryDirectory() as folder:
            url = f"http://127.0.0.1:{free_port()}"
            here: dict[str, Any] = {"data_dir": Path(folder), "chain_url": url, "chain_id": CHAIN_ID}
            settings = Settings(**here, chain_embedded=True, secret_key="measured", key_password="measured")  # noqa: S106 -- of a moment
            with create_app(settings).app_context():
                schema.upgrade()
                plan = Plan()
                found = run(settings, plan, number)
                db.session.remove()
                db.engine.dispose()
        sys.stderr.write(
            f"run {number}: {found.deaths} senders and {found.kills} nodes killed, the chain fell back"
            f" {found.fell_back} times; {len(found.issued)} events, {len(set(found.issued))} tokens,"
            f" {found.strangers} wrong owners, calls {sorted(found.calls)}, transactions {sorted(found.txs)},"
            f" {found.seconds:.0f} s\n"
        )
        assert found.exact(plan), "not exactly once"
        yield compared(f"crash.issued.{number}", "tokens", [len(found.issued)], "promised", [plan.rights])
        yield compared(f"crash.deaths.{number}", "killed", [found.deaths], "wanted", [plan.deaths])


def run(settings: Settings, plan: Plan, seed: int) -> Outcome:
    """In an application's context with an empty database: one run. TimeoutError where it does not come to its end."""
    found, chance = Outcome(), random.Random(seed)  # noqa: S311 -- which moment is killed is no secret
    began = time.monotonic()
    with keeper(settings) as chain, senders(settings, plan, seed) as dead:
        ensure_contracts()
        a_series()
        while _waiting():  # until the first senders are on their feet
            _look_at_the_clock(began, plan, found)
            dead()
            time.sleep(0.05)
        next_kill = time.monotonic() + plan.between[0]
        while _goes_on(plan, found):
            _look_at_the_clock(began, plan, found)
            found.deaths = dead()
            _promise(plan, found)
            if found.kills < plan.kills and time.monotonic() > next_kill:
                found.fell_back += chain.kill()
                found.kills += 1
                next_kill = time.monotonic() + chance.uniform(*plan.between)
            with contextlib.suppress(Unavailable):
                following.follow_once()
            time.sleep(0.05)
        following.follow_once()
        _write_down(plan, found)
    found.seconds = time.monotonic() - began
    return found


def _goes_on(plan: Plan, found: Outcome) -> bool:
    if found.promised < plan.rights or found.kills < plan.kills or found.deaths < plan.deaths or _waiting():
        return True
    with contextlib.suppress(Unavailable):
        return settling.fallen_back()
    return True


def _waiting() -> int:
    db.session.rollback()  # look anew: other processes write
    return register.waiting()


def _look_at_the_clock(began: float, plan: Plan, found: Outcome) -> None:
    if time.monotonic() - began > plan.seconds:
        raise TimeoutError(f"after {plan.seconds:.0f} s: {found}, {_waiting()} calls wait")


def _promise(plan: Plan, found: Outcome) -> None:
    """Some rights more: spread over the run, so that there is always something to go wrong."""
    share = min(found.deaths / plan.deaths, found.kills / plan.kills) if plan.deaths and plan.kills else 1.0
    wanted = plan.rights if share >= 1 else min(plan.rights, int(plan.rights * share) + 20 * plan.together)
    if found.promised >= wanted or _waiting() > 40 * plan.together:
        return
    with transaction():
        for serial in range(found.promised + 1, wanted + 1):
            item = {"to": wallet(serial), "serial": serial, "ref": f"0x{serial:064x}"}
            group = f"1:{(serial - 1) // plan.together}"
            sending.promise(f"issue:1:{serial}", "issuer", RIGHTS, "issueBatch", [1], group=group, item=item)
    found.promised = wanted


def _write_down(plan: Plan, found: Outcome) -> None:
    db.session.rollback()
    for name, tokens in (("RightIssued", found.issued), ("Transfer", found.moved)):
        where = (Log.name == name, Log.address == register.address_of(RIGHTS))
        logs = sa.select(Log.token_id).where(*where).order_by(Log.block_number, Log.log_index)
        tokens += [token_id for token_id in db.session.scalars(logs) if token_id is not None]
    found.calls = set(db.session.scalars(sa.select(Call.state).distinct()))
    found.txs = set(db.session.scalars(sa.select(Tx.state).distinct()))
    rights = register.address_of(RIGHTS)
    db.session.rollback()
    for serial in range(1, plan.rights + 1):
        answer = node().call(rights, rights, contract.call(RIGHTS, "ownerOf", [1_000_000 + serial]))
        found.strangers += answer[12:].hex() != wallet(serial)[2:]


class Keeper:
    """The embedded chain's keeper, which can be killed and then starts again from its last snapshot."""

    def __init__(self, settings: Settings) -> None:
        port = settings.chain_url.rpartition(":")[2]
        where = ["--port", port, "--data", str(settings.data_dir / "chain"), "--chain-id", str(settings.chain_id)]
        self.command = [sys.executable, "-m", "marketplace.chain.embedded", *where]
        self.node = Web3Node(settings.chain_url)
        self.process = self._started()

    def kill(self) -> bool:
        """It and the node; True where the chain is shorter than before when it is back."""
        before = self.node.head().number
        self.end()
        self.process = self._started()
        return self.node.head().number < before

    def end(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        until = time.monotonic() + 30
        while time.monotonic() < until:  # the killed one's port is free only when the kernel has cleared it away
            process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert process.stdout is not None
            if process.stdout.readline():
                return process
            process.wait()
            process.stdout.close()
        raise TimeoutError("the chain does not start")


@contextmanager
def keeper(settings: Settings) -> Iterator[Keeper]:
    found = Keeper(settings)
    try:
        yield found
    finally:
        found.end()


@contextmanager
def senders(settings: Settings, plan: Plan, seed: int) -> Iterator[Callable[[], int]]:
    """Keeps some senders alive: called, it replaces the dead, and says how many have died so far."""
    context = multiprocessing.get_context("forkserver")
    alive: list[ForkServerProcess] = []
    born = 0

    def replace_the_dead() -> int:
        nonlocal born
        for each in [each for each in alive if not each.is_alive()]:
            each.close()
            alive.remove(each)
        if not born:  # what is imported here by now needs no second of every newborn
            context.set_forkserver_preload([name for name in sys.modules if name.partition(".")[0] in HEAVY])
        while len(alive) < plan.senders:
            born += 1
            work = (settings, plan.death, seed * 1_000 + born)
            process = context.Process(target=work_until_killed, args=work, daemon=True)
            process.start()
            alive.append(process)
        return born - plan.senders

    try:
        yield replace_the_dead
    finally:
        for process in alive:
            process.kill()
            process.join()
            process.close()


def work_until_killed(settings: Settings, death: float, seed: int) -> None:
    """Rounds of sending, for as long as this process is left alive."""
    chance = random.Random(seed)  # noqa: S311 -- as above

    def maybe_die() -> None:
        if chance.random() < death:
            os.kill(os.getpid(), signal.SIGKILL)

    def mortal(act: Callable[..., Any], *args: Any) -> Any:
        maybe_die()
        done = act(*args)
        maybe_die()
        return done

    here = Web3Node(settings.chain_url)
    for name in MORTAL:
        setattr(here, name, partial(mortal, getattr(here, name)))
    ports = Ports(settings)
    ports.node = here
    with create_app(settings, ports).app_context():
        sa.event.listen(db.engine, "commit", lambda _connection: maybe_die())
        while True:
            try:
                sending.work(lease=0.5)
            except Unavailable:
                db.session.rollback()
            time.sleep(0.02)
