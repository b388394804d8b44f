"""Whatever people do in whatever order, an event is never overbooked, and nobody waits beside seats they fit into."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import hypothesis
import sqlalchemy as sa
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.gatherings import booking, bringing, drafting, moving_up
from marketplace.gatherings.models import SEATED, Gathering, Rsvp, RsvpState
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from tests import given
from tests.gatherings.stage import BY, a_gathering, values

PEOPLE = st.integers(0, 5)
TOGETHER = st.integers(1, 3)


class Salon(RuleBasedStateMachine):
    """One event, six people and whom they bring, an office that changes its mind about the seats, and time passing."""

    people: tuple[int, ...]

    @initialize(seats=st.integers(1, 5))
    def begin(self, seats: int) -> None:
        self.at = now()
        self.seats = seats
        self.event = a_gathering(seats=seats, answer_hours=5, most_together=3)
        self.begins_at: datetime = get(Gathering, self.event).begins_at
        self.asking: list[int] = []
        """Who asked and neither gave up nor let an offer pass, in the order in which they asked."""

    def time(self) -> Any:
        return pretending(self.at)

    @rule(who=PEOPLE, together=TOGETHER)
    def ask(self, who: int, together: int) -> None:
        with self.time(), suppress(Refused):
            booking.ask(self.event, self.people[who], together)
            if who not in self.asking:
                self.asking.append(who)

    @rule(who=PEOPLE, together=TOGETHER)
    def bring(self, who: int, together: int) -> None:
        with self.time(), suppress(Refused):
            bringing.bring(self.event, self.people[who], together)

    @rule(who=PEOPLE)
    def confirm(self, who: int) -> None:
        with self.time(), suppress(Refused):
            booking.confirm(self.event, self.people[who])

    @rule(who=PEOPLE)
    def give_up(self, who: int) -> None:
        with self.time(), suppress(Refused):
            booking.give_up(self.event, self.people[who])
            if who in self.asking:
                self.asking.remove(who)

    @rule(seats=st.integers(1, 6))
    def change_the_seats(self, seats: int) -> None:
        begins_at = self.begins_at
        when = {"begins_at": begins_at, "ends_at": begins_at + timedelta(hours=2), "ask_until": begins_at}
        with self.time(), suppress(Refused):
            drafting.revise(self.event, values(seats=seats, answer_hours=5, most_together=3, **when), BY)
            self.seats = seats

    @rule(hours=st.integers(1, 9))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)
        with self.time():
            moving_up.lapse_due()
        lapsed = {who for who in self.asking if self._states().get(self.people[who]) == RsvpState.LAPSED}
        self.asking = [who for who in self.asking if who not in lapsed]

    def _states(self) -> dict[int, RsvpState]:
        db.session.rollback()
        rows = db.session.scalars(sa.select(Rsvp).where(Rsvp.gathering_id == self.event))
        return {row.account_id: row.state for row in rows if row.companion == 0}

    def _sizes(self, *states: RsvpState) -> Counter[int]:
        """{account: how many of its party stand so}."""
        rows = sa.select(Rsvp.account_id).where(Rsvp.gathering_id == self.event, Rsvp.state.in_(states))
        return Counter(db.session.scalars(rows))

    @invariant()
    def seats_are_never_overbooked_and_nobody_is_forgotten(self) -> None:
        states = self._states()
        seated = [who for who in self.asking if states[self.people[who]] in SEATED]
        waiting = [who for who in self.asking if states[self.people[who]] == RsvpState.WAITING]
        assert sorted(seated + waiting) == sorted(self.asking)
        taken, lined_up = self._sizes(*SEATED), self._sizes(RsvpState.WAITING)
        assert set(taken) == {self.people[who] for who in seated}
        assert taken.total() <= self.seats
        if self.at < self.begins_at:
            assert all(count > self.seats - taken.total() for count in lined_up.values())
        places = sa.select(Rsvp.account_id).where(Rsvp.gathering_id == self.event, Rsvp.state == RsvpState.WAITING)
        line = [account_id for account_id, _party in groupby(db.session.scalars(places.order_by(Rsvp.place)))]
        assert line == [self.people[who] for who in waiting]


def test_never_over_the_seats_and_nobody_forgotten(app: Flask) -> None:
    Salon.people = tuple(given.an_account() for _ in range(6))
    run_state_machine_as_test(
        Salon,
        settings=hypothesis.settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
