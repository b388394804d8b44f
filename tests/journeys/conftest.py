"""The whole house in one process, on a real chain and a real (local) Stripe."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from flask import Flask

from marketplace.chain import following, sending
from marketplace.kit import sheets
from marketplace.kit.db import db
from marketplace.outbox import keeping
from marketplace.settings import Settings
from tests import turns
from tests.deployment import pointed
from tests.local_chain import LocalChain
from tests.local_stripe import LocalStripe

SHEETS_EVERY = 5
"""Turns. All sheets are sixty looks into the database: in each turn they were half of what a journey took."""


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain, stripe: LocalStripe) -> Settings:
    return stripe.settings(pointed(settings, chain), demo=True)


@pytest.fixture
def settle(deployed: Flask) -> Callable[[], None]:
    """Lets worker, sender and follower have their turns until nothing moves any more."""
    return turns.settle


@pytest.fixture
def worker(app: Flask, settle: Callable[[], None]) -> Iterator[None]:
    """The worker, the sender and the follower of the town, in a thread of their own."""
    settle()
    stop = threading.Event()

    def work() -> None:
        for turn in count():
            if stop.wait(0.1):
                return
            with app.app_context():
                try:
                    if not turn % SHEETS_EVERY:
                        sheets.run_all()
                    keeping.drain()
                    sending.work()
                    following.follow_once()
                except Exception:
                    logging.getLogger("marketplace.worker").exception("worker")
                finally:
                    db.session.remove()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=60)
    assert not thread.is_alive()
