"""The one file that knows the task engine.

The outbox in our own database keeps every promise; Huey is only the bell that makes a worker look at once.
A second thread is the worker's clock: it runs the sheets. Those that ask Stripe, the chain or a store of files have
each a clock of their own, and another thread sweeps what the bell missed: what waits there for somebody outside, page
after page, message after message, must not stop the first. One more carries the letters. Another asks the site, as
bidders do, whether bids come through, and the last goes its rounds and tells the operator what is wrong.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.storage import PostgresStorage

from marketplace.application import create_app
from marketplace.auctions.beating import keep_sending
from marketplace.chain.keys import see_that_keys_may_be_used
from marketplace.foundation import break_ground
from marketplace.kit import beats, schema, sheets
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.outages import turn_failed
from marketplace.kit.termination import when_terminated
from marketplace.notices.mail import mail
from marketplace.operating.coming_back import AWAY, come_back
from marketplace.operating.watching import keep_watch, last_round
from marketplace.outbox import aside, keeping
from marketplace.outbox.promising import Bell
from marketplace.settings import Settings, settings

log = logging.getLogger(__name__)
TICK_S = 0.5
CLOSED_S = 30.0


class Unforced(sqlite3.Connection):
    """A queue that is not forced onto the disk at each ring: rings that a fall of the machine takes, the sweep makes up
    for. In WAL mode the file stays whole all the same: https://sqlite.org/pragma.html#pragma_synchronous"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute("PRAGMA synchronous=NORMAL")


class Letters:
    """A ring is numbers and words, and the queue has them as JSON: by what is pickled, whoever can write to the queue
    could have code run by whoever reads it."""

    def serialize(self, message: Message) -> bytes:
        return json.dumps(message).encode()

    def deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


def engine(url: str) -> Huey:
    """The bell that `url` names: sqlite:///file, postgresql://… or redis://…"""
    plain = {"results": False, "utc": True, "serializer": Letters()}
    match urlsplit(url).scheme:
        case "sqlite":
            return SqliteHuey("hiroba", filename=url.removeprefix("sqlite:///"), factory=Unforced, **plain)
        case "postgresql" | "postgresql+psycopg":
            huey = PostgresHuey("hiroba", dsn=url.replace("+psycopg", ""), create_tables=False, **plain)
            make_its_tables(huey.storage)
            return huey
        case "redis" | "rediss":
            return RedisHuey("hiroba", url=url, **plain)
    raise ValueError(f"QUEUE_URL: {urlsplit(url).scheme}")


def make_its_tables(queue: PostgresStorage) -> None:
    """Of several processes that start together one makes them while the others wait: where all see that they are not
    there yet, `CREATE TABLE IF NOT EXISTS` fails for all but one."""
    with queue.db(commit=True, close=True) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('hiroba: queue'))")
        for statement in queue.ddl:
            cursor.execute(statement)


def hang_bell(app: Flask) -> Huey:
    """Let commits of this process wake a worker; the queue, for the worker itself."""
    with app.app_context():
        break_ground(settings())
        huey = engine(settings().queue)

    @huey.task(name="deliver")
    def deliver(message_ids: list[int]) -> None:
        try:
            with app.app_context():
                keeping.deliver_all(message_ids)
        except Exception:  # what is not written down as done, the sweep finds
            turn_failed(log, "bell")

    Bell.ring = staticmethod(deliver)
    return huey


def tick(app: Flask, stop: threading.Event) -> None:
    """The worker's clock."""
    _take_turns(app, stop, "clock", sheets.run_due)


def ask(whom: str, app: Flask, stop: threading.Event) -> None:
    """The clock of what waits for `whom`, one of sheets.OUTSIDE."""
    _take_turns(app, stop, whom, partial(sheets.run_due, whom))


def sweep(app: Flask, stop: threading.Event) -> None:
    """What the bell missed, and what failed and is due again."""
    _take_turns(app, stop, "sweep", keeping.sweep)


def _take_turns(app: Flask, stop: threading.Event, name: str, act: Callable[[], object]) -> None:
    """A turn that fails is logged, and the next one comes.

    Where the last that did not is long ago, the machine slept or the database was away: first that time is given back.
    """
    went_well = now()
    while not stop.wait(TICK_S):
        try:
            with app.app_context():
                if now() - went_well >= AWAY:
                    come_back()
                act()
                went_well = now()
        except Exception:
            turn_failed(log, name)


def carry(app: Flask, stop: threading.Event) -> None:
    """The worker's walk to the post office, and a longer wait before the next one where that takes nothing."""
    wait = TICK_S
    while not stop.wait(wait):
        wait = TICK_S
        try:
            with app.app_context(), mail().at_the_counter():
                wait = TICK_S if aside.carry(stop) else CLOSED_S
        except Exception:
            turn_failed(log, "letters")


def run(environment: Settings | None = None) -> None:
    """Work until SIGTERM or SIGINT, as soon as there are tables. Raises WeakKey where our keys may not be used here."""
    app = create_app(environment)
    with app.app_context():
        see_that_keys_may_be_used(settings())
    stop = threading.Event()
    when_terminated(stop.set)
    with app.app_context():
        if not schema.wait_until_present(stop):
            return
        beats.begin(beats.WORKER, last_round())
        come_back()
    huey = hang_bell(app)
    clock = threading.Thread(target=tick, args=(app, stop), name="clock", daemon=True)
    with app.app_context():
        threads = settings().worker_threads
    beat = threading.Thread(target=keep_sending, args=(app, stop), name="watch", daemon=True)
    rounds = threading.Thread(target=keep_watch, args=(app, stop), name="rounds", daemon=True)
    asking = [threading.Thread(target=ask, args=(whom, app, stop), name=whom, daemon=True) for whom in sheets.OUTSIDE]
    broom = threading.Thread(target=sweep, args=(app, stop), name="sweep", daemon=True)
    letters = threading.Thread(target=carry, args=(app, stop), name="letters", daemon=True)
    consumer = huey.create_consumer(workers=threads, periodic=False, initial_delay=0.05, max_delay=0.5, backoff=1.3)
    consumer.start()
    when_terminated(stop.set)  # again: the consumer has put itself in the place of what was there
    clock.start()
    for each in asking:
        each.start()
    beat.start()
    rounds.start()
    broom.start()
    letters.start()
    stop.wait()
    consumer.stop(graceful=True)
    clock.join(timeout=10)
    for each in asking:
        each.join(timeout=3)  # as the letters: what it has asked is asked again by the next
    broom.join(timeout=10)
    beat.join(timeout=10)
    letters.join(timeout=3)
    rounds.join(timeout=3)  # it may wait for somebody outside: nothing is lost with it
    with app.app_context():
        db.engine.dispose()
