"""Who works behind the pages is missed when no sign comes, but not before one could have come."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.beats import WORKER, Start, begin, is_missed
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from tests.racing import at_once

MINUTE = timedelta(minutes=1)


@pytest.fixture
def noon(app: Flask) -> datetime:
    return now()


def missed(at: datetime, last: datetime | None) -> bool:
    with pretending(at):
        return is_missed(WORKER, last, MINUTE)


def begun(at: datetime, last: datetime | None) -> None:
    with pretending(at):
        begin(WORKER, last)


def test_who_never_came_is_missed_at_once(noon: datetime) -> None:
    assert missed(noon, None)


@pytest.mark.parametrize("last", [None, timedelta(days=-1)])
def test_who_has_just_begun_has_the_time_of_one_beat(noon: datetime, last: timedelta | None) -> None:
    before = noon + last if last else None
    begun(noon, before)
    assert [missed(noon + n * MINUTE / 2, before) for n in (1, 3)] == [False, True]


def test_who_gives_signs_is_missed_a_beat_after_the_last_one(noon: datetime) -> None:
    begun(noon, None)
    last = noon + 10 * MINUTE
    assert [missed(last + n * MINUTE / 2, last) for n in (1, 3)] == [False, True]


def test_who_begins_again_and_again_without_a_sign_is_missed(noon: datetime) -> None:
    for seconds in (0, 30, 60, 90):
        begun(noon + timedelta(seconds=seconds), None)
    assert missed(noon + timedelta(seconds=95), None)


def test_who_gave_a_sign_and_begins_again_has_the_time_of_one_beat_again(noon: datetime) -> None:
    begun(noon, None)
    last, again = noon + MINUTE, noon + 60 * MINUTE
    assert missed(again, last)
    begun(again, last)
    assert [missed(again + n * MINUTE / 2, last) for n in (1, 3)] == [False, True]


def test_two_that_begin_at_once_are_one(app: Flask) -> None:
    assert at_once(app, 2, lambda _: begin(WORKER, None)) == [None] * 2
    assert db.session.scalars(sa.select(Start.name)).all() == [WORKER]
