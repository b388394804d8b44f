from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import database_now, jst, midnight, now, pretending
from marketplace.kit.db import db

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
A_MOMENT = timedelta(seconds=30)


def test_now_knows_its_zone() -> None:
    assert now().utcoffset() == timedelta(0)


def test_people_see_japan_time() -> None:
    assert jst(NEW_YEAR).isoformat() == "2027-01-01T09:00:00+09:00"


def test_a_day_begins_in_japan() -> None:
    assert midnight(date(2027, 4, 1)) == datetime(2027, 3, 31, 15, tzinfo=UTC)


def test_a_pretended_clock_stands_where_it_is_put_and_runs_on() -> None:
    with pretending(NEW_YEAR):
        first, second = now(), now()
    assert NEW_YEAR <= first <= second < NEW_YEAR + A_MOMENT


def test_the_real_time_comes_back_also_from_a_time_within_a_time() -> None:
    with pretending(NEW_YEAR):
        with pretending(NEW_YEAR + timedelta(days=1)):
            inner = now()
        outer = now()
    assert (inner.day, outer.day) == (2, 1)
    assert abs(now() - datetime.now(UTC)) < A_MOMENT


def test_the_database_has_the_same_time_as_the_house(app: Flask) -> None:
    real = db.session.scalar(sa.select(database_now()))
    with pretending(NEW_YEAR):
        pretended = db.session.scalar(sa.select(database_now()))
    assert real is not None
    assert pretended is not None
    assert abs(real - now()) < A_MOMENT
    assert abs(pretended - NEW_YEAR) < A_MOMENT
