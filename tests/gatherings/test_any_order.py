"""Whatever people do in whatever order, an event is never overbooked, and nobody waits beside a free seat."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import sqlalchemy as sa
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.gatherings import booking, drafting, moving_up
from marketplace.gatherings.models import SEATED, Gathering, Rsvp, RsvpState
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from tests import given
from tests.gatherings.stage import BY, a_gathering, values

PEOPLE = st.integers(0, 5)


class Salon(RuleBasedStateMachine):
    """One event, six people, an office that changes its mind about the seats, and time that passes."""

    people: tuple[int, ...]

    @initialize(seats=st.integers(1, 3))
    def begin(self, seats: int) -> None:
        self.at = now()
        self.seats = seats
        self.event = a_gathering(seats=seats, answer_hours=5)
        self.begins_at: datetime = get(Gathering, self.event).begins_at
        self.asking: list[int] = []
        """Who asked and neither gave up nor let an offer pass, in the order in which they asked."""

    def time(self) -> Any:
        return pretending(self.at)

    @rule(who=PEOPLE)
    def ask(self, who: int) -> None:
        with self.time(), suppress(Refused):
            booking.ask(self.event, self.people[who])
            if who not in self.asking:
                self.asking.append(who)

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

    @rule(seats=st.integers(1, 4))
    def change_the_seats(self, seats: int) -> None:
        begins_at = self.begins_at
        when = {"begins_at": begins_at, "ends_at": begins_at + timedelta(hours=2), "ask_until": begins_at}
        with self.time(), suppress(Refused):
            drafting.revise(self.event, values(seats=seats, answer_hours=5, **when), BY)
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
        return {row.account_id: row.state for row in rows}

    @invariant()
    def seats_are_never_overbooked_and_nobody_is_forgotten(self) -> None:
        states = self._states()
        seated = [who for who in self.asking if states[self.people[who]] in SEATED]
        waiting = [who for who in self.asking if states[self.people[who]] == RsvpState.WAITING]
        assert sorted(seated + waiting) == sorted(self.asking)
        assert sum(state in SEATED for state in states.values()) == len(seated) <= self.seats
        if self.at < self.begins_at:
            assert not waiting or len(seated) == self.seats
        places = sa.select(Rsvp.account_id).where(Rsvp.gathering_id == self.event, Rsvp.state == RsvpState.WAITING)
        assert list(db.session.scalars(places.order_by(Rsvp.place))) == [self.people[who] for who in waiting]


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
