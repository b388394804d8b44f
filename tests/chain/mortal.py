"""Whoever works on the keys, and is killed at a moment that is named."""

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa

from marketplace.chain import rekeying
from marketplace.chain.node import node
from marketplace.kit.db import db
from tests.crashing import PowerCut

Act = Callable[[str, rekeying.Told], None]
ACTS = ("send", "take_out")
"""What changes something at the node. To die around a mere question is to die at the change before it."""


class Mortal:
    """Dies at the moment that it is told of, and does nothing from then on. Moments lie before and after each act at
    the node, before each commit, and at each line that is told."""

    def __init__(self) -> None:
        self.at, self.lived = 0, 0
        here = node()
        for name in ACTS:
            setattr(here, name, partial(self._around, getattr(here, name)))
        sa.event.listen(db.engine, "commit", lambda _connection: self.moment())

    def moment(self, *_: object) -> None:
        self.lived += 1
        if 0 < self.at <= self.lived:
            raise PowerCut

    def _around(self, act: Callable[..., Any], *args: Any) -> Any:
        self.moment()
        done = act(*args)
        self.moment()
        return done

    def survives(self, moments: int, act: Act = rekeying.rekey) -> bool:
        """Whether the act on the issuer's key is done before the last of its moments."""
        self.at, self.lived = moments, 0
        try:
            act("issuer", self.moment)
        except PowerCut:
            return False
        finally:
            self.at = 0
            db.session.remove()
        return True
