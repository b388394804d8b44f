"""A sender that is killed at any moment: before, between and after everything that it does outside itself."""

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from marketplace.application import create_app
from marketplace.chain import sending
from marketplace.chain.node import Web3Node
from marketplace.kit.db import db
from marketplace.kit.refusals import Unavailable
from marketplace.ports import Ports
from marketplace.settings import Settings

DEATH = 0.02
"""The chance of dying at each of these moments."""


def maybe_die() -> None:
    if random.random() < DEATH:
        os.kill(os.getpid(), signal.SIGKILL)


def mortal(act: Callable[..., Any]) -> Callable[..., Any]:
    def acting(*args: Any) -> Any:
        maybe_die()
        done = act(*args)
        maybe_die()
        return done

    return acting


def work_until_killed(settings: Settings, seed: int) -> None:
    """Rounds of sending, for as long as this process is left alive."""
    random.seed(seed)
    node = Web3Node(settings.chain_url)
    for name in ("send", "receipts", "headers", "fees"):
        setattr(node, name, mortal(getattr(node, name)))
    ports = Ports(settings)
    ports.node = node
    with create_app(settings, ports).app_context():
        sa.event.listen(db.engine, "commit", lambda _connection: maybe_die())
        while True:
            try:
                sending.work(lease=0.3)
            except Unavailable:
                db.session.rollback()
            time.sleep(0.02)
