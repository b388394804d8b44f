"""Several people doing something at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from marketplace.kit.db import db, transaction


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


@contextmanager
def meanwhile(app: Flask, act: Callable[[], object]) -> Iterator[None]:
    """What is inside is one transaction. Before it ends, somebody else begins to `act`, and comes as far as its rows
    let them; they go on when it has ended."""

    def run() -> None:
        with app.app_context():
            act()

    other = threading.Thread(target=run)
    with transaction():
        yield
        other.start()
        other.join(timeout=1)
    other.join(timeout=30)
    assert not other.is_alive()
    db.session.rollback()
