"""The turn to write is waited for before a bid is looked at, and only when all of the bid is there."""

from __future__ import annotations

import io
import threading
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, request_started
from werkzeug.test import EnvironBuilder, run_wsgi_app

from marketplace.auctions.lining_up import LONGEST
from marketplace.auctions.models import Auction
from marketplace.kit.db import is_sqlite, one_writer
from tests import given
from tests.auctions.given import an_auction


@pytest.fixture
def auction(app: Flask) -> Auction:
    return an_auction()


@pytest.fixture(autouse=True)
def one_writer_only(app: Flask) -> None:
    if not is_sqlite():
        pytest.skip("PostgreSQL has many writers")


class Sender(threading.Thread):
    """Sends a bid, from a thread of its own."""

    def __init__(self, app: Flask, code: str, body: Any, length: int) -> None:
        super().__init__(daemon=True)
        self.app, self.looked_at = app, threading.Event()
        builder = EnvironBuilder(f"/listings/{code}/bid/place", method="POST")
        self.environ = builder.get_environ() | {
            "wsgi.input": body,
            "CONTENT_LENGTH": str(length),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
        }
        self.status = ""

    def run(self) -> None:
        def looking(_app: Flask) -> None:
            self.looked_at.set()

        with request_started.connected_to(looking, self.app):
            self.status = run_wsgi_app(self.app, self.environ, buffered=True)[1]


class StoppedInTheMiddle(io.RawIOBase):
    """A body of which nothing comes until `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.asked.set()
        assert self.go.wait(60)
        return b""


def a_bid(more: str = "") -> bytes:
    return urlencode({"max_yen": "5000", "agreed": "y", "more": more}).encode()


def test_a_bid_is_not_looked_at_while_another_has_the_turn(app: Flask, auction: Auction) -> None:
    body = a_bid()
    sender = Sender(app, auction.code, io.BytesIO(body), len(body))
    with one_writer:
        sender.start()
        assert not sender.looked_at.wait(0.5)
    sender.join(60)
    assert (sender.looked_at.is_set(), sender.status) == (True, "400 BAD REQUEST")  # it had no token


def test_a_bid_that_is_still_on_its_way_holds_nobody_up(app: Flask, auction: Auction) -> None:
    body = StoppedInTheMiddle()
    sender = Sender(app, auction.code, body, 10)
    sender.start()
    assert body.asked.wait(60)
    assert one_writer.acquire(timeout=60)
    one_writer.release()
    given.an_account()  # somebody writes
    body.go.set()
    sender.join(60)
    assert sender.status == "400 BAD REQUEST"


@pytest.mark.parametrize(
    ("length", "status"), [(LONGEST + 1, "400 BAD REQUEST"), (10**9, "413 REQUEST ENTITY TOO LARGE")]
)
def test_what_is_too_long_for_a_bid_is_refused_without_a_turn(
    app: Flask, auction: Auction, length: int, status: str
) -> None:
    sender = Sender(app, auction.code, io.BytesIO(a_bid("x" * LONGEST)), length)
    with one_writer:
        sender.start()
        assert sender.looked_at.wait(60)
        sender.join(60)
    assert sender.status == status
