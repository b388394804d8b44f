"""The worker's threads: who waits for somebody outside, and who does not wait with them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from flask import Flask

from marketplace import worker
from marketplace.kit import sheets
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing, ListingState
from marketplace.orders.models import Order, OrderState
from marketplace.orders.placing import place
from marketplace.outbox.promising import say
from marketplace.payments import asking
from marketplace.settings import Settings
from tests import given
from tests.outbox.hearing import hearing
from tests.processes import eventually


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Takes what it is asked, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def settings(settings: Settings, silent: socket.socket) -> Settings:
    site = f"http://127.0.0.1:{silent.getsockname()[1]}"
    stripe = {"stripe_api_base": site, "stripe_timeout_s": 300}
    return settings.model_copy(update={**stripe, "chain_url": site, "chain_timeout_s": 300})


def test_the_clock_goes_on_while_the_end_of_an_order_waits_for_stripe(
    app: Flask, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = ("orders.expire_unpaid", "listings.close_due")
    monkeypatch.setattr(sheets, "SHEETS", {name: sheets.SHEETS[name] for name in two})
    order = get(Order, place(given.an_account(), given.a_listing()))
    asking.ask(order.subject, order.yen, "権利", "a@example.jp", "http://127.0.0.1/", "http://127.0.0.1/", order.pay_by)
    other = given.a_listing(closes_at=given.in_days(3))
    with asked_by(app, silent, "stripe"), pretending(given.in_days(2)):
        assert eventually(lambda: state(other) == ListingState.CLOSED)
        assert get(Order, order.id).state == OrderState.AWAITING_PAYMENT


def test_the_clock_goes_on_while_the_chain_says_nothing(
    app: Flask, silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "SHEETS", {name: sheets.SHEETS[name] for name in ("chain.send", "listings.close_due")})
    other = given.a_listing(closes_at=given.in_days(3))
    with asked_by(app, silent, "chain"), pretending(given.in_days(2)):
        assert eventually(lambda: state(other) == ListingState.CLOSED)


@contextmanager
def asked_by(app: Flask, silent: socket.socket, whom: str) -> Iterator[None]:
    """Two days later a worker has asked whoever says nothing, and waits."""
    stop = threading.Event()
    with pretending(given.in_days(2)):
        clocks = [threading.Thread(target=each, args=(app, stop)) for each in (worker.tick, partial(worker.ask, whom))]
        for clock in clocks:
            clock.start()
        try:
            asked, _ = silent.accept()
            yield
        finally:
            stop.set()
            silent.close()
            asked.close()
            for clock in clocks:
                clock.join(timeout=60)


def state(listing_id: int) -> ListingState:
    db.session.rollback()
    return get(Listing, listing_id).state


def test_the_clock_goes_on_while_a_promise_waits_for_somebody_outside(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []
    monkeypatch.setattr(sheets, "SHEETS", {"turn": sheets.Sheet("turn", 0.0, lambda: turns.append(1))})
    began, answered, stop = threading.Event(), threading.Event(), threading.Event()

    def ask() -> None:
        began.set()
        answered.wait()

    with hearing("tea.ready", ask):
        with transaction():
            say("tea.ready", key="monday")
        threads = [threading.Thread(target=each, args=(app, stop)) for each in (worker.tick, worker.sweep)]
        for thread in threads:
            thread.start()
        try:
            assert began.wait(timeout=60)
            before = len(turns)
            assert eventually(lambda: len(turns) >= before + 2)
        finally:
            answered.set()
            stop.set()
            for thread in threads:
                thread.join(timeout=60)
