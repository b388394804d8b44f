"""A process that may die at each of its commits and at each call of the world outside, just before or just after it.

The process is this one: a death is a PowerCut, and until somebody is born again nothing that is tried on the way out
(a lease given back, a failure written down) has any effect, as with kill -9.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from tests.crashing import PowerCut


class Life:
    """Of one process after the other: `left` moments until death, or None for a long life."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.dead = False
        self.deaths = Counter[str]()
        """Where they died, and how often."""

    def begin(self, left: int | None = None) -> None:
        self.left, self.dead = left, False

    def moment(self, where: str) -> None:
        """Raises PowerCut in the last moment, and in each that somebody hopes for afterwards."""
        if self.dead:
            raise PowerCut(where)
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.dead = True
            self.deaths[where] += 1
            raise PowerCut(where)


class Mortal:
    """A port of the application; each call of it is two moments of the caller's life."""

    def __init__(self, port: Any, life: Life, name: str) -> None:
        self.port = port
        """May be exchanged, e.g. for one that leads nowhere."""
        self._life, self._name = life, name

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.port, name)
        if not callable(found):
            return found

        def act(*args: Any, **kwargs: Any) -> Any:
            self._life.moment(f"before {self._name}.{name}")
            done = found(*args, **kwargs)
            self._life.moment(f"after {self._name}.{name}")
            return done

        return act


def let_commits_kill(engine: sa.Engine, life: Life) -> None:
    """Each commit of `engine` is two moments."""
    commit = engine.dialect.do_commit

    def mortal(connection: Any) -> None:
        life.moment("before a commit")
        commit(connection)
        life.moment("after a commit")

    engine.dialect.do_commit = mortal  # type: ignore[method-assign, assignment]
