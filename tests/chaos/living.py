"""The story of the stage lived by the real programs: people buy at the web's pages, bid, win and pay, while SIGKILL
comes to any process at any moment; in the end the town stands as one in which nothing ever died."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from flask import Flask
from sqlalchemy.exc import OperationalError

from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused, Rejected, Unavailable
from marketplace.listings.models import Listing
from marketplace.payments.reconciling import reconcile
from marketplace.payments.stripe import till
from tests import given
from tests.chaos.buyer import Buyer
from tests.chaos.fleet import Fleet, looking_at
from tests.chaos.people import People
from tests.chaos.running import NoEnd
from tests.chaos.stage import World, built
from tests.chaos.state import alike, fingerprint, standing, unfinished
from tests.local_stripe import LocalStripe
from tests.processes import LONG, eventually

FAULTS = {"drop": 0.3, "duplicate": 0.3, "delay": 0.5, "reorder": True}
BETWEEN = (0.1, 0.9)
"""Seconds from one kill to the next."""
SHORT = 6.0
"""Seconds for which the sales would be open on a machine that needs none to start a program."""
PATIENCE = 300.0
"""Seconds after the last kill."""
OUTSIDE = (Refused, Rejected, Unavailable, OperationalError, OSError, requests.RequestException)
"""What people meet while everything dies; they come again."""


@dataclass
class Life:
    state: dict[str, Any]
    killed: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def hash(self) -> str:
        return fingerprint(self.state)


def live(fleet: Fleet, kills: int, seed: int) -> Life:
    """From an empty town to the end of the story. Where programs start slowly, the sales are open for longer."""
    began, dice = time.monotonic(), random.Random(seed)
    fleet.start("chain", "stripe")
    stripe = LocalStripe(fleet.env["STRIPE_API_BASE"], fleet.alive["stripe"])  # type: ignore[arg-type]
    assert eventually(lambda: _answers(fleet.env["CHAIN_URL"]) and _answers(stripe.base_url))
    fleet.run("migrate")
    fleet.run("deploy")
    webs = [name for name in fleet.programs if name.startswith("web")]
    fleet.start(*webs)
    app = looking_at(fleet)
    with app.app_context():
        try:
            assert eventually(fleet.shows), "the webs do not answer"
            until_close = SHORT + 2 * (time.monotonic() - began) + kills * sum(BETWEEN) / 3
            world = built(now() + timedelta(seconds=until_close), now() + timedelta(seconds=until_close + 5))
            stripe.sim("faults", seed=seed, **FAULTS)
            fleet.start(*(name for name in fleet.programs if name not in fleet.alive))
            with _buyers(app, fleet, world):
                people = People(world, stripe, dice)
                _live_through(fleet, people, kills, dice)
                _come_to_rest(fleet, people)
            reconcile()
            assert eventually(lambda: not unfinished())
            found = Life(alike(standing(till().transactions())), dict(fleet.killed), time.monotonic() - began)
        finally:
            db.session.remove()
            db.engine.dispose()
    return found


def _live_through(fleet: Fleet, people: People, kills: int, dice: random.Random) -> None:
    for _ in range(kills):
        fleet.tend()
        _each_tries(people)
        time.sleep(dice.uniform(*BETWEEN))
        fleet.kill_one(dice)


def _come_to_rest(fleet: Fleet, people: People) -> None:
    """Nobody dies any more, and nobody mends anything: only the hourly look at Stripe is not waited for."""
    give_up = time.monotonic() + PATIENCE
    people.is_careless = False
    said: Counter[str] = Counter()
    while True:
        fleet.tend()
        _each_tries(people)
        try:
            reconcile()
            wanting, left = people.acts(), unfinished()
            if not (wanting or left):
                return
            said[f"{len(wanting)} want something; {left}"] += 1
        except OUTSIDE as trouble:
            said[repr(trouble)[:300]] += 1
        if time.monotonic() > give_up:
            raise NoEnd(f"{said.most_common(9)}; killed: {fleet.killed}; came again: {fleet.restarts}")
        time.sleep(0.3)


def _each_tries(people: People) -> None:
    acts: list[Callable[[], None]] = []
    with suppress(*OUTSIDE):
        acts = people.acts()
    for act in acts:
        try:
            act()
        except OUTSIDE:
            continue
        finally:
            db.session.remove()


@contextmanager
def _buyers(app: Flask, fleet: Fleet, world: World) -> Iterator[None]:
    """They buy at the pages of one web or the other, each in a thread, until the block ends."""
    code, over = get(Listing, world.sale).code, threading.Event()
    db.session.rollback()
    sites = [f"http://127.0.0.1:{port}" for port in fleet.webs]
    threads = []
    for n, who in enumerate(world.buyers):
        buyer = Buyer(sites[n % len(sites) :] + sites[: n % len(sites)], given.a_cookie(app, who), code)
        threads.append(threading.Thread(target=buyer.try_until, args=(over,)))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=LONG)


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=2).status_code > 0
    return False
