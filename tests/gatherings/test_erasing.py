"""Three years after a month nobody knows who came, and every number that was published is still the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from marketplace.gatherings import booking, erasing, visiting
from marketplace.gatherings.models import Rsvp, RsvpState
from marketplace.gatherings.visits import Visit
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import db
from marketplace.kit.erasures import ERASURES
from marketplace.privacy.erasing import erase_due, erase_portion, history
from marketplace.relations import figures
from tests.gatherings.stage import a_gathering
from tests.racing import at_once
from tests.relations.stage import a_bath, came, took_part

JUNE, JULY = date(2027, 6, 1), date(2027, 7, 1)
LAST_OF_MAY_2030 = datetime(2030, 6, 1, tzinfo=JST) - timedelta(minutes=1)
JULY_2030 = datetime(2030, 7, 1, 0, 1, tzinfo=JST)


def left() -> tuple[int, int]:
    """(visits, bookings)."""
    db.session.rollback()
    visits, bookings = (db.session.scalar(sa.select(sa.func.count()).select_from(each)) or 0 for each in (Visit, Rsvp))
    return visits, bookings


def test_rows_about_people_go_with_their_month_and_the_numbers_stay(hana: int, ken: int, mio: int) -> None:
    bath = a_bath()
    came(bath, hana, ken)
    came(bath, hana, mio, days=2)
    came(bath, hana, days=35)
    took_part(hana, mio)
    before = figures.by_month([JUNE, JULY])
    assert [(row.visits, row.visitors, row.returning, row.attended) for row in before] == [(4, 3, 1, 2), (1, 1, 1, 0)]
    with pretending(LAST_OF_MAY_2030):
        erase_due()
        assert left() == (5, 2)
    with pretending(JULY_2030):
        assert erasing.due(now()) == 6
        erase_due()
        assert (left(), erasing.due(now())) == ((1, 0), 0)
    assert figures.by_month([JUNE, JULY]) == before
    assert [(row.name, row.count) for row in history() if row.name == "gatherings.guests"] == [("gatherings.guests", 6)]


def test_an_event_still_says_how_many_came(hana: int, ken: int) -> None:
    event = a_gathering()
    booking.ask(event, ken)  # and did not come
    took_part(hana)
    with pretending(JULY_2030):
        erase_due()
    assert left() == (0, 0)
    counted = [booking.counts(each)[RsvpState.ATTENDED] for each in (event, event + 1)]
    assert counted == [0, 1]


def test_who_comes_back_after_all_that_time_is_new(hana: int) -> None:
    bath = a_bath()
    came(bath, hana)
    with pretending(JULY_2030):
        erase_due()
        came(bath, hana)
        assert len(visiting.stamps_of(hana)) == 1
        (month,) = figures.by_month([JULY_2030.date()])
    assert (month.visitors, month.returning) == (1, 0)


def test_two_workers_at_once_count_each_month_once(app: Flask, hana: int, ken: int) -> None:
    came(a_bath(), hana, ken)
    took_part(hana, ken)
    with pretending(JULY_2030):
        assert sum(at_once(app, 3, lambda _: erase_portion(ERASURES["gatherings.guests"]))) == 4
    (month,) = figures.by_month([JUNE])
    assert (month.visits, month.visitors, month.attended) == (2, 2, 2)
    assert sum(row.count for row in history() if row.name == "gatherings.guests") == 4


def test_what_is_younger_stays_however_often_it_is_asked(hana: int) -> None:
    came(a_bath(), hana)
    with pretending(LAST_OF_MAY_2030):
        assert [erase_portion(ERASURES["gatherings.guests"]) for _ in range(2)] == [0, 0]
    assert left() == (1, 0)
