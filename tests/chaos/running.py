"""One run: people, the town's own processes and the weather take turns as the dice say, until all is done.

First come the steps of bad times, in which processes die; then the weather clears, and the town has to come to its
end by itself: nobody mends anything. A run without troubles is the same without the first part.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from marketplace.chain import following, sending
from marketplace.chain.models import Lane, LaneState
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused, Rejected, Unavailable
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.outbox import aside, keeping
from marketplace.payments.reconciling import reconcile
from marketplace.payments.stripe import till
from tests.chaos.courier import Courier
from tests.chaos.dying import Life, Mortal, let_commits_kill
from tests.chaos.people import People
from tests.chaos.stage import Stage
from tests.chaos.state import fingerprint, standing, unfinished
from tests.chaos.weather import Weather
from tests.crashing import PowerCut

STEPS = 50
"""Of bad times before the close, as many before the draw, and as many after it."""
MORTALITY, CHANGE = 0.4, 0.15
"""How often a turn is to end in a death, and how often the weather changes between two."""
MOMENTS = 10
"""The latest of a turn in which death comes, if the turn has so many."""
LEASE = 0.3
"""Seconds that the dead keep the lanes of the chain."""
ROUNDS = 150
"""Of good times after which we give up."""
ROUND = timedelta(seconds=61)
"""How far the clock goes on between two of them: past every lease of the outbox."""
HOURS = 4
"""Of the morning after."""
REPLACED = ("issuer", "custodian", "issuer")
"""Keys of the chain that are replaced while all this goes on, one after the other."""
SEPARATELY = {"chain.send", "tokens.check_chain", "metadata.audit"}
"""Sheets that the run does not leave to chance: the sender has a turn of its own, the others look at everything."""


class NoEnd(AssertionError):
    """It did not come to its end, though all was well at last."""


@dataclass
class Ending:
    seed: int | None
    state: dict[str, Any]
    deaths: Counter[str] = field(default_factory=Counter)
    weather: Counter[str] = field(default_factory=Counter)
    lost_letters: int = 0
    keys_replaced: int = 0
    rounds: int = 0

    @property
    def hash(self) -> str:
        return fingerprint(self.state)


def undisturbed(stage: Stage) -> Ending:
    """How it ends when nothing goes wrong."""
    with stage.copy() as app:
        return Run(app, stage, None).to_the_end()


def disturbed(stage: Stage, seed: int) -> Ending:
    """How it ends with the troubles of this seed."""
    with stage.copy() as app:
        return Run(app, stage, seed).to_the_end()


class Run:
    def __init__(self, app: Flask, stage: Stage, seed: int | None) -> None:
        self.app, self.stage, self.seed = app, stage, seed
        self.dice = random.Random(seed)
        self.life = Life()
        ports = app.extensions["hiroba.ports"]
        ports.node, ports.till = Mortal(ports.node, self.life, "node"), Mortal(ports.till, self.life, "till")
        let_commits_kill(db.engine, self.life)
        self.weather = Weather(app, stage, ports.node, ports.till, self.dice)
        is_calm = seed is None
        self.people = People(
            *(stage.world, stage.stripe, self.dice), is_careless=not is_calm, to_replace=[] if is_calm else [*REPLACED]
        )
        self.courier = Courier(app, stage.stripe, self.dice, is_reliable=is_calm)
        self.ending = Ending(seed, {}, self.life.deaths, self.weather.seen)

    def to_the_end(self) -> Ending:
        with ExitStack() as stack, _quiet():
            self._bad_times()
            self._good_times(lambda: not self.people.acts())
            self._day(stack, self.stage.world.close + timedelta(minutes=1))
            self._bad_times()
            self._day(stack, self.stage.world.draw_at + timedelta(minutes=1))
            self._bad_times()
            self._good_times(self._is_over)
            with pretending(now() + timedelta(days=1)):  # the reconciler's last look at the day
                reconcile()
                run_one(SHEETS["metadata.audit"])  # of the night after
                for hours in range(HOURS):  # in which each block of the replica has its turn
                    with pretending(now() + timedelta(hours=hours)):
                        run_one(SHEETS["metadata.look_after_replicas"])
                keeping.drain()
                self.ending.state = standing(till().transactions())
                if lacking := len(set(self.stage.blocks) - set(self.stage.kubo.blocks)):
                    self.ending.state["wrong"].append(f"the replica lacks {lacking} blocks")
        retired = sa.select(sa.func.count()).where(Lane.state == LaneState.RETIRED)
        self.ending.keys_replaced = db.session.scalar(retired) or 0
        self.ending.lost_letters = self.courier.lost
        return self.ending

    def _day(self, stack: ExitStack, at: datetime) -> None:
        """The clocks of the town and of Stripe go on to `at`."""
        self.weather.clear()
        stack.enter_context(pretending(at))
        self.stage.stripe.sim("clock", at=int(at.timestamp()))

    def _bad_times(self) -> None:
        if self.seed is None:
            return
        for _ in range(STEPS):
            if self.dice.random() < CHANGE:
                self.weather.change()
            if self.dice.random() < 0.1:
                self.weather.mark()
            self._turn(self.dice.choice(self._turns()), self._fate())
        self.weather.clear()

    def _fate(self) -> int | None:
        return self.dice.randrange(MOMENTS) if self.dice.random() < MORTALITY else None

    def _turns(self) -> list[Callable[[], object]]:
        people: list[Callable[[], object]] = [*self.people.acts()]
        due = keeping.due(20)
        worker: list[Callable[[], object]] = [lambda: keeping.deliver(self.dice.choice(due))] * 3 if due else []
        sheets = [each for name, each in SHEETS.items() if name not in SEPARATELY]
        worker += [
            keeping.sweep,
            lambda: aside.carry(Event()),
            lambda: run_one(self.dice.choice(sheets)),
            lambda: run_one(self.dice.choice(sheets)),
        ]
        chain = [lambda: sending.work(LEASE)] * 2 + [following.follow_once] * 2
        return [*self.dice.sample(people, min(3, len(people))), *worker, *chain, self.courier.walk]

    def _turn(self, act: Callable[[], object], moments: int | None = None) -> None:
        """One go of one process, which may be its last. Only what a process may meet is let pass."""
        self.life.begin(moments)
        try:
            act()
        except (PowerCut, Refused, Rejected, Unavailable):
            pass
        except OperationalError as trouble:
            if not (self.weather.is_disk_full and "full" in str(trouble)):
                raise
        finally:
            self.life.begin()
            db.session.rollback()
            db.session.remove()

    def _good_times(self, over: Callable[[], bool]) -> None:
        with ExitStack() as clock:
            for _ in range(ROUNDS):
                for act in self.people.acts():
                    self._turn(act)
                self._turn(self.courier.walk)
                for name, each in SHEETS.items():
                    if name not in SEPARATELY:
                        self._turn(partial(run_one, each))
                self._turn(keeping.drain)
                self._turn(lambda: sending.work(LEASE))
                self._turn(following.follow_once)
                self._turn(keeping.drain)
                self.ending.rounds += 1
                if over():
                    return
                clock.enter_context(pretending(now() + ROUND))
                self.stage.stripe.sim("clock", at=int(now().timestamp()))
            raise NoEnd(f"seed {self.seed}: {len(self.people.acts())} want something; {unfinished()}")

    def _is_over(self) -> bool:
        return not (self.people.acts() or unfinished())


@contextmanager
def _quiet() -> Iterator[None]:
    """What the town logs of its troubles is expected, and much."""
    logger = logging.getLogger("marketplace")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
