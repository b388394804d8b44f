"""A whole order, on both databases: page, order, confirmation, pay page, signed webhook, paid, ledger, mails, outbox.

`ordering` is CPU-milliseconds of the town's web and worker processes for one order, from the first page until every
promise is kept; the card is paid at the local Stripe server, a process of its own that is not counted. Against the
floor: a page, an order and its page in a bare Flask application (bare_shop.py) on the same rows, without accounts,
money or letters. `ordering.web` and `ordering.worker` are its two parts.

Afterwards each order must be paid and in the ledger, and the ledger balanced; otherwise this raises.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from benchmarks import Result, bare_shop, compared
from benchmarks.browser import Browser
from benchmarks.places import DATABASES, Town, let_go, town
from benchmarks.serving import ROOT, Served, served
from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.fund.statements import balanced
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.listings.models import Listing
from marketplace.orders.models import Order, OrderState
from marketplace.outbox.models import Message
from marketplace.payments.hearing import KINDS
from tests import given, local_stripe
from tests.local_stripe import LocalStripe

ORDERS, AT_ONCE, ROUNDS = 16, 2, 7
WARMING = 3
"""Rounds before those that count: each process of the web has put each statement and each page together once."""
BARE = 5
"""Times as many orders in the bare shop: a round of it would be over in a twentieth of a second."""
SECONDS_TO_HEAR = 120.0


def measure() -> Iterator[Result]:
    for name in DATABASES:
        yield from measured(name)


@dataclass
class Costs:
    """CPU-milliseconds of one order, a figure for each round."""

    web: list[float] = field(default_factory=list)
    worker: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def whole(self) -> list[float]:
        return [sum(both) for both in zip(self.web, self.worker, strict=True)]


def measured(name: str, rounds: int = ROUNDS, orders: int = ORDERS) -> Iterator[Result]:
    costs = costs_of(name, rounds, orders)
    yield compared(f"ordering.{name}", "CPU-ms", costs.whole, "bare Flask", costs.bare)
    yield compared(f"ordering.{name}.web", "CPU-ms", costs.web, "the whole", costs.whole)
    yield compared(f"ordering.{name}.worker", "CPU-ms", costs.worker, "the whole", costs.whole)


def costs_of(name: str, rounds: int, orders: int, before: Callable[[], object] = int) -> Costs:
    """`before` fills the town with what is there already when the orders come."""
    count, costs = (WARMING + rounds) * orders, Costs()
    with selling(name, count) as (here, code, stripe), ExitStack() as stack:
        before()
        cookies = [given.a_cookie(here.app, given.an_account()) for _ in range(count)]
        bare_shop.make_own_tables(db.engine)
        let_go()
        web = stack.enter_context(served("wsgi:app", here.env, "healthz"))
        worker = stack.enter_context(hearing(here))
        bare = stack.enter_context(served("benchmarks.bare_shop:app", here.env))
        stripe.send_webhooks_to(f"http://127.0.0.1:{web.port}", KINDS)
        for number in range(WARMING + rounds):
            crowd = cookies[number * orders : (number + 1) * orders]
            before_web, before_worker = web.processor_seconds(), worker.processor_seconds()
            together(lambda cookie: buy(web.port, stripe, code, cookie), crowd)
            until_all_is_heard(stripe)
            used = web.processor_seconds() - before_web, worker.processor_seconds() - before_worker
            before_bare = bare.processor_seconds()
            together(lambda _cookie: buy_bare(bare.port, code), crowd * BARE)
            if number >= WARMING:
                costs.web.append(1000 * used[0] / orders)
                costs.worker.append(1000 * used[1] / orders)
                costs.bare.append(1000 * (bare.processor_seconds() - before_bare) / (orders * BARE))
        assert_sold(code, count)
    return costs


@contextmanager
def selling(name: str, count: int) -> Iterator[tuple[Town, str, LocalStripe]]:
    """A town with one first-come sale, its code, and the Stripe where it is paid."""
    with local_stripe.running() as stripe:
        knobs: dict[str, Any] = {"stripe_api_base": stripe.base_url, "stripe_secret_key": "sk_test_local"}
        with town(name, **knobs, stripe_webhook_secrets=local_stripe.SECRET) as here:
            listing_id = given.a_listing(quantity=(1 + BARE) * count + 10)
            yield here, db.session.get_one(Listing, listing_id).code, stripe


@contextmanager
def hearing(here: Town) -> Iterator[Served]:
    """The worker's process."""
    command = [sys.executable, "-m", "benchmarks.hearing"]
    with subprocess.Popen(command, cwd=ROOT, env=here.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hearing\n"
        try:
            yield Served(0, process.pid, 0.0, "benchmarks.hearing")
        finally:
            process.terminate()


def together(act: Callable[[str], object], crowd: Sequence[str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(act, crowd))


def buy(port: int, stripe: LocalStripe, code: str, cookie: str) -> None:
    """What a buyer's browser does, from the page of the right to the page of the paid order."""
    browser = Browser(port, hiroba=cookie)
    page = browser.get(f"/listings/{code}")
    placed = browser.post(f"/listings/{code}/order", csrf_token=page.field("csrf_token"))
    assert placed.status == 303, placed
    confirm = browser.follow(placed)
    order = placed.location.split("/")[-2]
    leaving = browser.post(f"/orders/{order}/pay", csrf_token=confirm.field("csrf_token"), agreed="y")
    assert leaving.status == 303, leaving
    stripe.pay(leaving.location)
    back = browser.follow(browser.get(f"/orders/{order}/done"))
    assert back.status == 200, back
    browser.close()


def buy_bare(port: int, code: str) -> None:
    browser = Browser(port)
    assert browser.get(f"/rights/{code}").status == 200
    assert browser.follow(browser.post(f"/rights/{code}/order", buyer="応募 する人")).status == 200
    browser.close()


def until_all_is_heard(stripe: LocalStripe) -> None:
    """Every letter of Stripe's has come, and every promise that is due has been kept. TimeoutError."""
    give_up = time.monotonic() + SECONDS_TO_HEAR
    begun = sa.or_(Message.attempts > 0, Message.due_at <= now())
    query = sa.select(sa.func.count()).where(Message.done_at.is_(None), Message.parked_at.is_(None), begun)
    quiet = 0
    while quiet < 2:  # what was heard last may have had consequences
        waiting = stripe.sim("stats")["waiting"] or db.session.scalar(query)
        db.session.rollback()
        quiet = 0 if waiting else quiet + 1
        if time.monotonic() > give_up:
            raise TimeoutError(f"{waiting} promises are not kept")
        time.sleep(0.05)
    let_go()


def assert_sold(code: str, count: int) -> None:
    """Of this sale as many paid orders as buyers, none in between, and a ledger that says the same."""
    of_sale = sa.select(Order.state).join(Listing, Listing.id == Order.listing_id).where(Listing.code == code)
    states = list(db.session.scalars(of_sale))
    assert states == [OrderState.PAID] * count, states
    assert balanced()
    booked = sa.select(sa.func.sum(PostingLine.yen)).join(Posting, Posting.id == PostingLine.posting_id)
    booked = booked.join(Order, "order:" + Order.code == Posting.subject).join(Listing, Listing.id == Order.listing_id)
    collected = db.session.scalar(booked.where(Listing.code == code, PostingLine.account == Account.COLLECTED))
    assert collected == -3_000 * count, collected
    let_go()
