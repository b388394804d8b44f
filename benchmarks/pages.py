"""Pages that everybody reads, on both databases: the catalogue with twenty items, and the page of one right.

`pages.catalogue` and `pages.listing` are CPU-milliseconds of the web processes for a page that is made anew, against a
bare Flask application (bare_shop.py) that reads the same rows. `pages.cached` is how many catalogues strangers get in a
second of processor time while it is kept, `pages.304` where their browser has it already; against hello, the plainest
Flask application under the same gunicorn.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from typing import Any

from benchmarks import Result, bare_shop, compared
from benchmarks.clients import Request, drive, get
from benchmarks.places import DATABASES, let_go, town
from benchmarks.serving import Served, hello_server, served
from marketplace.kit.db import db
from marketplace.listings.models import Listing
from tests import given

ITEMS = bare_shop.SHOWN
CLIENTS, ROUNDS, SECONDS = 4, 7, 1.5
MODES = ("fixed", "fixed", "lottery", "ascending")
STEPS: dict[str, Any] = {"soft_close": None, "increments": [[None, 10]]}


def measure() -> Iterator[Result]:
    for name in DATABASES:
        yield from measured(name)


def measured(name: str, rounds: int = ROUNDS, seconds: float = SECONDS) -> Iterator[Result]:
    with town(name) as here, ExitStack() as stack:
        codes = [a_listing(number) for number in range(ITEMS)]
        let_go()
        ours = stack.enter_context(served("wsgi:app", here.env, "healthz"))
        bare = stack.enter_context(served("benchmarks.bare_shop:app", here.env))
        hello = stack.enter_context(hello_server())
        pages = {
            "catalogue": Page(ours, anew("/listings")),
            "listing": Page(ours, always(f"/listings/{codes[0]}")),
            "bare catalogue": Page(bare, always("/")),
            "bare listing": Page(bare, always(f"/rights/{codes[0]}")),
            "cached": Page(ours, always("/listings")),
            "304": Page(ours, always("/listings", f"If-None-Match: {etag(ours.port, '/listings')}\r\n"), 304),
            "hello": Page(hello, always("/")),
        }
        for page in pages.values():  # nothing is cold when the rounds begin
            page.round(min(seconds, 0.5))
            page.costs.clear()
        for _ in range(rounds):
            for page in pages.values():
                page.round(seconds)
    costs = {which: page.costs for which, page in pages.items()}
    for which in ("catalogue", "listing"):
        yield compared(f"pages.{which}.{name}", "CPU-ms", costs[which], "bare Flask", costs[f"bare {which}"])
    for which in ("cached", "304"):
        rates = [[1000 / cost for cost in costs[side]] for side in (which, "hello")]
        yield compared(f"pages.{which}.{name}", "/CPU-s", rates[0], "hello", rates[1])


def a_listing(number: int) -> str:
    mode = MODES[number % len(MODES)]
    rules: dict[str, Any] = {"auction_rules": STEPS} if mode == "ascending" else {}
    listing_id = given.a_listing(mode, title_ja=f"デジタル住民票 第{number + 1}弾「四季」", **rules)
    return db.session.get_one(Listing, listing_id).code


@dataclass
class Page:
    """A page that is asked for again and again, and the CPU-milliseconds that it costs: one figure for each round."""

    served: Served
    request: Request
    status: int = 200
    costs: list[float] = field(default_factory=list)

    def round(self, seconds: float) -> None:
        before = self.served.processor_seconds()
        answers = drive(self.served.port, CLIENTS, seconds, self.request)
        assert set(answers.statuses) == {self.status}, answers.statuses
        self.costs.append(1000 * (self.served.processor_seconds() - before) / answers.count)


def always(path: str, more: str = "") -> Request:
    return lambda _client: get(path, more)


def anew(path: str) -> Request:
    """An address that nobody asked for before, so that no kept page answers."""
    numbers = count()
    return lambda _client: get(f"{path}?n={next(numbers)}")


def etag(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["ETag"]
