"""Several people doing something at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from marketplace.kit.db import db


def at_once(app: Flask, times: int, act: Callable[[int], Any]) -> list[Any]:
    """What `act(0)` … `act(times - 1)` gave or raised, each in a thread of its own that starts with the others."""
    start = threading.Barrier(times)
    outcomes: list[Any] = [None] * times

    def run(number: int) -> None:
        with app.app_context():
            start.wait(timeout=30)
            try:
                outcomes[number] = act(number)
            except Exception as error:
                outcomes[number] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    db.session.rollback()
    return outcomes
