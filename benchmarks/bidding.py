"""Two hundred people bid on one auction at once, for thirty seconds, on SQLite and on PostgreSQL.

`bidding.X` counts bids that were answered, accepted and refused ones, by the town's own page behind its own gunicorn,
with session, CSRF, limit, sealing and chain; against the same transaction in a bare Flask application (bare.py) on the
same database, in rounds side by side. `.cpu` is the same for each second of processor time of the web processes, which
a busy machine changes less. `.p95` is how long one in twenty answers takes or longer, with twenty people; `.stretch`
is half a minute of the two hundred without a pause.

Afterwards every answer must be in the log, in the order of the locks, and the log must replay to what is stored;
otherwise this raises.
"""

import random
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Flask

from benchmarks import Result, compared
from benchmarks.clients import Answers, drive, post
from benchmarks.places import DATABASES, database
from benchmarks.serving import Served, served
from marketplace.application import create_app
from marketplace.auctions.models import Auction, Bidder
from marketplace.kit import schema
from marketplace.kit.db import db, transaction
from marketplace.settings import Settings
from tests import given
from tests.auctions.given import an_auction, assert_log_is_register

PEOPLE, FEW = 200, 20
ROUNDS, SECONDS = 10, 3.0
STRETCH = 30.0
STEPS = [[None, 10]]


def measure() -> Iterator[Result]:
    for name in DATABASES:
        with database(name) as url:
            yield from measured(name, url)


@dataclass
class Side:
    """One of the two that are compared."""

    served: Served
    form: "Town | Bare"
    rates: list[float] = field(default_factory=list)
    per_cpu: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    all: list[Answers] = field(default_factory=list)

    def rush(self, clients: int, seconds: float) -> None:
        before = self.served.processor_seconds()
        answers = self.round(clients, seconds)
        self.rates.append(answers.count / answers.wall)
        self.per_cpu.append(answers.count / (self.served.processor_seconds() - before))

    def round(self, clients: int, seconds: float) -> Answers:
        answers = drive(self.served.port, clients, seconds, self.form.request)
        self.all.append(answers)
        return answers


def measured(
    name: str,
    url: str,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    people: int = PEOPLE,
    few: int = FEW,
    stretch: float = STRETCH,
) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        knobs = {"database_url": url, "secret_key": "a benchmark's secret", "data_dir": folder}
        app = create_app(Settings(**knobs))  # type: ignore[arg-type]
        with app.app_context():
            schema.upgrade()
            town, bare = prepared(people)
            db.session.remove()
        sign_in(app, town, bare.people)
        with app.app_context():
            db.engine.dispose()
        env = {key.upper(): value for key, value in knobs.items()} | {"BIDS_PER_MINUTE": "1000000"}
        ours = Side(stack.enter_context(served("wsgi:app", env, "healthz")), town)
        plain = Side(stack.enter_context(served("benchmarks.bare:app", env)), bare)
        for clients in (people, few):
            for side in (ours, plain):  # nothing is cold when the rounds begin
                drive(side.served.port, clients, min(seconds, 0.5), side.form.request)
        skipped = town.sent, bare.sent
        for _ in range(rounds):
            for side in (ours, plain):
                side.rush(people, seconds)
            for side in (ours, plain):
                side.p95.append(1000 * side.round(few, seconds / 3).percentile(0.95))
        stretches = [side.round(people, stretch) for side in (ours, plain)]
        with app.app_context():
            assert_whole(ours, town.auction_id, skipped[0])
            db.session.remove()
            db.engine.dispose()
    yield compared(f"bidding.{name}", "bids/s", ours.rates, "bare Flask", plain.rates)
    yield compared(f"bidding.{name}.cpu", "bids/s", ours.per_cpu, "bare Flask", plain.per_cpu)
    yield compared(f"bidding.{name}.p95", "ms", ours.p95, "bare Flask", plain.p95)
    whole, bare_whole = ([each.count / each.wall] for each in stretches)
    yield compared(f"bidding.{name}.stretch", "bids/s", whole, "bare Flask", bare_whole)
    accepted = [each.statuses.get(200, 0) / each.wall for each in ours.all]
    yield compared(f"bidding.{name}.accepted", "bids/s", accepted, "all", [each.count / each.wall for each in ours.all])


@dataclass
class Form:
    """Sums that rise with every request, each a little by chance: about half of them are too low when they arrive."""

    auction_id: int
    sent: int = 0

    def sum(self) -> int:
        self.sent += 1
        return 1000 + 20 * self.sent + random.randrange(20)  # noqa: S311 -- no secret


@dataclass
class Town(Form):
    """The page of confirmation, sent by a browser with its script."""

    code: str = ""
    cookies: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def request(self, client: int) -> bytes:
        body = f"csrf_token={self.tokens[client]}&max_yen={self.sum()}&agreed=y"
        more = f"Cookie: hiroba={self.cookies[client]}\r\nHX-Request: true\r\n"
        return post(f"/listings/{self.code}/bid/place", body, more)


@dataclass
class Bare(Form):
    people: list[int] = field(default_factory=list)

    def request(self, client: int) -> bytes:
        return post(f"/bid/{self.auction_id}", f"account={self.people[client]}&max_yen={self.sum()}&agreed=y")


def prepared(number: int = PEOPLE) -> tuple[Town, Bare]:
    """Two auctions alike, one for each side, and the same people in both."""
    first, second = (an_auction(soft_close=None, increments=STEPS) for _ in range(2))
    people = [given.an_account(f"bidder-{n}@example.jp") for n in range(number)]
    town, bare = Town(first.id, code=first.code), Bare(second.id, people=people)
    with transaction():
        numbers = [{"auction_id": second.id, "account_id": who, "no": f"{n:03}"} for n, who in enumerate(people)]
        db.session.execute(sa.insert(Bidder), numbers)
    return town, bare


def sign_in(app: Flask, town: Town, people: list[int]) -> None:
    """Each one's cookie, and the token of the form that is sent."""
    for account in people:
        with app.app_context():  # and no longer: what one request keeps in it is not the next one's
            browser = given.signed_in(app.test_client(), account)
            db.session.remove()
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"/listings/{town.code}/bid").text)
        cookie = browser.get_cookie("hiroba")
        assert token is not None
        assert cookie is not None
        town.tokens.append(token[1])
        town.cookies.append(cookie.value)


def assert_whole(side: Side, auction_id: int, skipped: int) -> None:
    """No answer is missing in the log, none too many, and the log replays line by line to the register."""
    auction = db.session.get_one(Auction, auction_id)
    assert auction.arrivals == side.form.sent, (auction.arrivals, side.form.sent)
    statuses = [status for answers in side.all for status in answers.statuses]
    assert set(statuses) <= {200, 422}, set(statuses)
    result = assert_log_is_register(auction)
    answered = sum(answers.statuses.get(200, 0) for answers in side.all)
    late = [event for event in result["events"][skipped:] if event["status"] == "accepted"]
    assert len(late) == answered, (len(late), answered)
