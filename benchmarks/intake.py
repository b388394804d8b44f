"""Applications to a lottery against two web processes, on SQLite and on PostgreSQL: the first five minutes of a town's
first sale at their own pace and at ten times the pace, and all 13,440 as fast as they go.

Nobody may be lost and nobody twice in the list, or there is no result. Times are what the browser sees; `full.cpu` is
CPU-milliseconds of the web processes for one application of the 13,440, against a visit to hello.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from flask import Flask
from pydantic import SecretStr

from benchmarks import Result, compared
from benchmarks.places import DATABASES, database
from benchmarks.rush import Person, Rush, arrivals, crush, greetings, lost_or_twice, people, rush
from benchmarks.serving import hello_server, web
from marketplace.application import create_app
from marketplace.kit import schema
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.lotteries.closing import of_listing
from marketplace.settings import Settings
from tests import given

FIVE_MINUTES = 300_000  # milliseconds
MOST_SECONDS = 240.0
"""For all 13,440 at full speed."""


def measure() -> Iterator[Result]:
    times = arrivals()
    first = [at / 1000 for at in times if at < FIVE_MINUTES]
    for name in DATABASES:
        for pace in (1, 10):
            with database(name) as url:
                seen = _seen(url, len(first), partial(rush, times=[at / pace for at in first]))
            for share in (50, 95):
                value = round(seen.p(share / 100), 1)
                yield Result(
                    f"intake.{name}.x{pace}.p{share}", value, "ms", value / 1000, "one second", len(seen.waits)
                )
        with database(name) as url:
            seen = _seen(url, len(times), crush)
        with hello_server() as served:
            before = served.processor_seconds()
            plain = len(times) / greetings(served.port, len(times))
            greeted = served.processor_seconds() - before
        rate = len(seen.waits) / seen.seconds
        yield Result(f"intake.{name}.full", round(rate, 1), "/s", round(rate / plain, 3), "hello", len(seen.waits))
        used = [1000 * seen.processor / len(seen.waits)], [1000 * greeted / len(times)]
        yield compared(f"intake.{name}.full.cpu", "CPU-ms", used[0], "hello", used[1])
        share_of_limit = round(seen.seconds / MOST_SECONDS, 3)
        yield Result(
            f"intake.{name}.full.time", round(seen.seconds, 1), "s", share_of_limit, "four minutes", len(times)
        )


def _seen(url: str, count: int, act: Callable[[int, str, Sequence[Person]], Rush]) -> Rush:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(database_url=url, data_dir=Path(home), secret_key=SecretStr("rush"), web_workers=2)
        app = create_app(settings)
        with app.app_context():
            schema.upgrade()
            try:
                return applied(app, settings, count, act)
            finally:
                db.session.remove()
                db.engine.dispose()


def applied(app: Flask, settings: Settings, count: int, act: Callable[[int, str, Sequence[Person]], Rush]) -> Rush:
    """`count` people apply to a lottery of this town by `act(port, code, crowd)`; AssertionError where somebody is lost
    or twice in the list."""
    asked = {"entry": {"address": True}}
    lottery = of_listing(given.a_listing("lottery", quantity=1000, auction_rules=asked))
    assert lottery is not None
    lottery_id, code = lottery.id, get(Listing, lottery.listing_id).code
    crowd = people(app, count)
    db.session.rollback()
    with web(settings) as served:
        before = served.processor_seconds()
        seen = act(served.port, code, crowd)
        seen.processor = served.processor_seconds() - before
    assert seen.refused == [], seen.refused[:5]
    assert (wrong := lost_or_twice(lottery_id, crowd)) == [], wrong
    return seen
