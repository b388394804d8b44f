"""The whole house in one process, on a real chain and a real (local) Stripe."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from marketplace.chain import following, sending
from marketplace.kit import sheets
from marketplace.kit.db import db
from marketplace.outbox import keeping
from marketplace.settings import Settings
from tests.databases import Databases
from tests.deployment import Deployment, pointed
from tests.local_chain import LocalChain, running
from tests.local_stripe import LocalStripe


@pytest.fixture
def done(request: pytest.FixtureRequest) -> Deployment | None:
    """The contracts are there where a journey asks for `settle` or `worker`."""
    found: Deployment | None = request.getfixturevalue("deployment") if "settle" in request.fixturenames else None
    return found


@pytest.fixture
def database_url(databases: Databases, done: Deployment | None) -> Iterator[str]:
    with databases.copy(done.database_url if done else "") as url:
        yield url


@pytest.fixture
def chain(done: Deployment | None, tmp_path: Path) -> Iterator[LocalChain]:
    with done.chain(tmp_path) if done else running() as chain:
        yield chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain, stripe: LocalStripe) -> Settings:
    return stripe.settings(pointed(settings, chain), demo=True)


@pytest.fixture
def settle(app: Flask) -> Callable[[], None]:
    """Lets worker, sender and follower have their turns until nothing moves any more."""

    def turns() -> None:
        moved = True
        while moved:
            moved = bool(keeping.drain()) | bool(sending.work()) | bool(following.follow_once())

    return turns


@pytest.fixture
def worker(app: Flask, settle: Callable[[], None]) -> Iterator[None]:
    """The worker, the sender and the follower of the town, in a thread of their own."""
    settle()
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            with app.app_context():
                try:
                    sheets.run_all()
                    keeping.drain()
                    sending.work()
                    following.follow_once()
                except Exception:
                    logging.exception("worker")
                finally:
                    db.session.remove()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=60)
    assert not thread.is_alive()
