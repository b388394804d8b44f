"""Rate limits that all processes of a town count together: in its database, or in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from limits import RateLimitItem, parse

from marketplace.kit.db import db
from marketplace.kit.limits import Count, Limiter, forget
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.local_redis import LocalRedis
from tests.pages import read
from tests.racing import at_once


class Counter(Protocol):
    def hit(self, window: RateLimitItem, *who: str) -> bool: ...


def counter(url: str, key: str = "a test's secret") -> Counter:
    """As one more process makes it."""
    app = Flask("another process")
    app.config["SECRET_KEY"] = key
    Limiter().init_app(app, url)
    found: Counter = app.extensions["hiroba.limits"]
    return found


@pytest.fixture
def local_redis(tmp_path: Path) -> Iterator[LocalRedis]:
    server = LocalRedis(tmp_path)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["database", "redis"])
def processes(request: pytest.FixtureRequest, app: Flask) -> list[Counter]:
    """Two of one town."""
    url = request.getfixturevalue("local_redis").url if request.param == "redis" else "database://"
    return [counter(url), counter(url)]


def test_two_processes_let_through_as_many_as_one_would(processes: list[Counter]) -> None:
    window = parse("4/hour")
    passed = [processes[n % 2].hit(window, "bid", "a") for n in range(6)]
    assert passed == [True] * 4 + [False] * 2
    assert processes[0].hit(window, "bid", "b")
    assert processes[1].hit(window, "ask", "a")


def test_at_the_same_moment_too(processes: list[Counter], app: Flask) -> None:
    window = parse("5/hour")
    passed = at_once(app, 12, lambda n: processes[n % 2].hit(window, "bid", "a"))
    assert sorted(passed) == [False] * 7 + [True] * 5


def test_while_the_store_is_away_each_process_counts_for_itself_and_then_together_again(
    local_redis: LocalRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, window = counter(local_redis.url), counter(local_redis.url), parse("2/hour")
    assert [each.hit(window, "bid", "a") for each in (one, other, one)] == [True, True, False]
    local_redis.stop()
    assert [each.hit(window, "bid", "b") for each in (one, one, one, other)] == [True, True, False, True]
    local_redis.start()
    for each in (one, other):
        monkeypatch.setattr(each, "silent_until", 0.0)
    assert [each.hit(window, "bid", "c") for each in (one, other, one)] == [True, True, False]


def test_the_window_moves_in_the_database(app: Flask) -> None:
    """Of the minute before, what still lies in the window counts."""
    count, window = counter("database://"), parse("6/minute")
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        assert [count.hit(window, "a") for _ in range(8)] == [True] * 6 + [False] * 2
        clock.shift(60)
        assert not count.hit(window, "a")  # a whole minute's visits lie just behind
        clock.shift(30)
        assert [count.hit(window, "a") for _ in range(2)] == [True, False]
        clock.shift(90)
        assert count.hit(window, "a")


def test_whoever_hammers_is_let_in_after_two_windows_at_most(app: Flask) -> None:
    count, window = counter("database://"), parse("2/minute")
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        for _ in range(1_000):
            count.hit(window, "a")
        clock.shift(120)
        assert count.hit(window, "a")


def test_no_address_of_a_visitor_is_kept_and_nothing_for_long(app: Flask) -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        counter("database://").hit(parse("2/minute"), "sign_in", "192.0.2.7")
        counter("database://", "another secret").hit(parse("2/minute"), "sign_in", "192.0.2.7")
        kept = list(db.session.scalars(sa.select(Count.who)))
        assert (len(set(kept)), [len(who) for who in kept], "192.0.2.7" in str(kept)) == (2, [64, 64], False)
        clock.shift(90)
        forget()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Count)) == 2
        clock.shift(60)
        forget()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Count)) == 0


def test_a_page_is_refused_by_the_other_process(app: Flask, settings: Settings) -> None:
    account_id = given.an_account()
    listing_code = given.a_listing()

    def clicks(times: int, after: Callable[[int], None] = lambda status: None) -> list[int]:
        with another(settings.model_copy(update={"limits_url": "database://"})) as process:
            client = given.signed_in(process.test_client(), account_id)
            token = read(client.get("/account")).form("/account").value("csrf_token")
            found = []
            for _ in range(times):
                status = client.post(f"/listings/NONE{listing_code}/order", data={"csrf_token": token}).status_code
                after(status)
                found.append(status)
            return found

    assert clicks(29) == [404] * 29
    assert clicks(2) == [404, 429]
