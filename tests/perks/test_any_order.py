"""Whatever happens in whatever order, nobody uses more than the plan allows, and the ledger explains every number."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.kit.refusals import Refused
from marketplace.outbox import keeping
from marketplace.perks import syncing, using
from marketplace.perks.models import Counter
from marketplace.tokens.custody import custody_of
from tests import given as world
from tests.chainlogs import GENESIS, Chain, deploy
from tests.perks.stage import (
    Desk,
    Telephone,
    a_desk,
    a_token,
    bath,
    counts,
    entry,
    lectures,
    lines,
    ref,
    scan,
    undo_entry,
)
from tests.resale.stage import heard

TABLETS = st.integers(0, 2)
PLANS = st.sampled_from(["p1", "p2"])
DAILY, IN_ALL = 2, 3


class Town(RuleBasedStateMachine):
    """One token, three tablets of which each may be without network, two people who sell it to each other."""

    chain: Chain
    desk: Desk
    people: tuple[int, int]
    serial = 0

    @initialize()
    def begin(self) -> None:
        self.at = GENESIS + timedelta(days=1)
        self.block = 2
        with self.time():
            ends = (self.at + timedelta(days=2)).date()
            plans = (bath(self.desk, limit=DAILY, ends=ends), lectures(self.desk, IN_ALL))
            self.token_id = a_token(self.chain, self.people[0], *plans, kind="lecture", uses_per_token=IN_ALL)
            self.holder = 0
            self.phones = {0: Telephone(self.token_id, self.people[0])}
            self.tablets = [self.desk.tablet().id for _ in range(3)]
        self.kept: list[list[dict[str, Any]]] = [[], [], []]
        self.done: list[str] = []

    def time(self) -> Any:
        """Each step takes place later than the one before it."""
        self.at += timedelta(seconds=31)
        return pretending(self.at)

    @rule(tablet=TABLETS, plan=PLANS)
    def use_online(self, tablet: int, plan: str) -> None:
        once = ref()
        with self.time(), suppress(Refused):
            scan(get(Counter, self.tablets[tablet]), self.phones[self.holder].shows(), plan, once)
            self.done.append(once)

    @rule(tablet=TABLETS, plan=PLANS, copies=st.integers(1, 2))
    def use_offline(self, tablet: int, plan: str, copies: int) -> None:
        """`copies` tablets read the same screen."""
        with self.time():
            shown = self.phones[self.holder].shows()
            for n in range(copies):
                once = ref()
                self.kept[(tablet + n) % 3].append(entry(shown, plan, once))
                self.done.append(once)

    @rule(tablet=TABLETS, plan=PLANS)
    def old_pass_of_a_former_holder(self, tablet: int, plan: str) -> None:
        """A counter without network can't know that it was sold."""
        if len(self.phones) == 2:
            with self.time():
                shown = self.phones[1 - self.holder].shows()
                with pytest.raises(Refused):
                    scan(get(Counter, self.tablets[tablet]), shown, plan)
                self.kept[tablet].append(entry(shown, plan))

    @rule(data=st.data(), tablet=TABLETS, offline=st.booleans())
    def take_back(self, data: st.DataObject, tablet: int, offline: bool) -> None:
        if not self.done:
            return
        use = data.draw(st.sampled_from(self.done))
        with self.time():
            if offline:
                self.kept[tablet].append(undo_entry(use))
            else:
                with suppress(Refused, LookupError):
                    using.undo(use, ref(), now(), self.desk.partner_id)

    @rule(tablet=TABLETS, twice=st.booleans())
    def sync(self, tablet: int, twice: bool) -> None:
        with self.time():
            for _ in range(1 + twice):
                answers = syncing.sync(get(Counter, self.tablets[tablet]), self.kept[tablet])
                assert all(answer.settled for answer in answers)
        self.kept[tablet] = []

    @rule()
    def sell(self) -> None:
        with self.time():
            self.block = int((now() - GENESIS).total_seconds() // 60)
            giver, taker = self.people[self.holder], self.people[1 - self.holder]
            self.chain.transfer(
                self.token_id, custody_of(giver), custody_of(taker), block=self.block, index=self.next()
            )
            heard(self.chain, self.token_id)
            keeping.drain()
            self.holder = 1 - self.holder
            self.phones[self.holder] = Telephone(self.token_id, self.people[self.holder])
        self.at += timedelta(seconds=60)

    @rule(hours=st.integers(1, 20))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        with self.time():
            self.tablets = [self.desk.tablet().id for _ in range(3)]
            self.phones = {self.holder: Telephone(self.token_id, self.people[self.holder])}

    def next(self) -> int:
        Town.serial += 1
        return 100_000 + Town.serial

    @invariant()
    def the_plan_holds_and_the_ledger_explains_it(self) -> None:
        if not hasattr(self, "token_id"):
            return
        assert all(used <= DAILY for _, used, _ in counts(self.token_id, "p1"))
        assert all(used <= IN_ALL for _, used, _ in counts(self.token_id, "p2"))

    def teardown(self) -> None:
        """All tablets come back and send what they have."""
        if not hasattr(self, "token_id"):
            return
        for tablet in range(3):
            self.sync(tablet, True)
        self.the_plan_holds_and_the_ledger_explains_it()
        read = [(line.proof, line.plan_id) for line in lines() if line.token_id == self.token_id and line.proof]
        assert len(read) == len(set(read))  # one pass is one use, whoever read it


def test_any_order_of_uses_undos_syncs_sales_and_days(app: Flask) -> None:
    deploy()
    chain = Chain()

    class Here(Town):
        pass

    Here.chain, Here.desk = chain, a_desk()
    Here.people = (world.an_account(), world.an_account())
    settings = hypothesis.settings(
        max_examples=15,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(Here, settings=settings)
