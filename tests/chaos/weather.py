"""What goes wrong outside, and comes right again: chain, Stripe, the replica, the disk, the clock."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from marketplace.chain.node import Web3Node
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, is_sqlite
from marketplace.payments.official import StripeTill
from marketplace.settings import settings
from tests.chaos.dying import Mortal
from tests.chaos.stage import Stage

NOWHERE = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""
NO_LIMIT = 1_073_741_823
"""SQLite's own: https://sqlite.org/pragma.html#pragma_max_page_count"""
LONGEST_SKEW = 55 * 60


class Weather:
    """Changes when it is told to; the dice choose how."""

    def __init__(self, app: Flask, stage: Stage, node: Mortal, till: Mortal, dice: random.Random) -> None:
        self.stage, self.node, self.till, self.dice = stage, node, till, dice
        self.seen = Counter[str]()
        self._node, self._till = node.port, till.port
        self._nowhere: tuple[Any, Any] = (
            Web3Node(NOWHERE, 1),
            StripeTill(settings().model_copy(update={"stripe_api_base": NOWHERE})),
        )
        self._marks: list[str] = []
        self._clock = ExitStack()
        self._full_at = NO_LIMIT
        self._on_sqlite = is_sqlite()
        sa.event.listen(db.engine, "begin", self._limit_the_disk)

    def change(self) -> None:
        changes: list[Callable[[], None]] = [
            *(self.chain_comes_and_goes, self.chain_falls_back, self.chain_turns),
            *(self.stripe_comes_and_goes, self.stripe_limits, self.stripe_fails, self.stripe_loses_answers),
            *(self.replica_comes_and_goes, self.replica_forgets, self.clock_jumps),
            *([self.disk_fills_and_empties] if self._on_sqlite else []),
        ]
        chosen = self.dice.choice(changes)
        self.seen[chosen.__name__] += 1
        chosen()

    def clear(self) -> None:
        """All is well from now on, and the clock is right."""
        self.node.port, self.till.port = self._node, self._till
        self.stage.stripe.sim("faults", rate_limit_next=0, fail_next=0, lose_reply_next=0)
        self.stage.kubo.is_busy = False
        self._full_at = NO_LIMIT
        self._clock.close()

    @property
    def is_disk_full(self) -> bool:
        return self._full_at != NO_LIMIT

    def mark(self) -> None:
        """The chain as it is now may come back."""
        self._marks.append(self.stage.chain.ask("evm_snapshot"))

    def chain_comes_and_goes(self) -> None:
        self.node.port = self._nowhere[0] if self.node.port is self._node else self._node

    def chain_falls_back(self) -> None:
        """A crash of the local one: what came after a snapshot is gone."""
        if self._marks:
            which = self.dice.randrange(len(self._marks))
            assert self.stage.chain.ask("evm_revert", self._marks[which]) is True
            del self._marks[which:]

    def chain_turns(self) -> None:
        """A reorganisation: other blocks take the place of the last ones, and more of them."""
        before = int(self.stage.chain.ask("eth_blockNumber"), 16)
        self.chain_falls_back()
        after = int(self.stage.chain.ask("eth_blockNumber"), 16)
        self.stage.chain.ask("anvil_mine", hex(before - after + 1))

    def stripe_comes_and_goes(self) -> None:
        self.till.port = self._nowhere[1] if self.till.port is self._till else self._till

    def stripe_limits(self) -> None:
        self.stage.stripe.sim("faults", rate_limit_next=self.dice.randint(1, 4))

    def stripe_fails(self) -> None:
        self.stage.stripe.sim("faults", fail_next=self.dice.randint(1, 4))

    def stripe_loses_answers(self) -> None:
        self.stage.stripe.sim("faults", lose_reply_next=self.dice.randint(1, 2))

    def replica_comes_and_goes(self) -> None:
        self.stage.kubo.is_busy = not self.stage.kubo.is_busy

    def replica_forgets(self) -> None:
        for lost in self.dice.sample(sorted(self.stage.kubo.blocks), min(3, len(self.stage.kubo.blocks))):
            del self.stage.kubo.blocks[lost]

    def disk_fills_and_empties(self) -> None:
        """SQLite's own answer to a full disk, by the quota that it knows: not a page more than there are."""
        if self.is_disk_full:
            self._full_at = NO_LIMIT
        else:
            self._full_at = db.session.execute(sa.text("PRAGMA page_count")).scalar_one()
            db.session.rollback()

    def clock_jumps(self) -> None:
        """Ours is wrong for a while, Stripe's is right."""
        self._clock.close()
        skew = self.dice.randint(-LONGEST_SKEW, LONGEST_SKEW)
        self._clock.enter_context(pretending(now() + timedelta(seconds=skew)))

    def _limit_the_disk(self, connection: sa.Connection) -> None:
        if self._on_sqlite:
            connection.exec_driver_sql(f"PRAGMA max_page_count={self._full_at}")
