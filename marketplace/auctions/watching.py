"""What watchers of an auction see, asked again and again by hundreds of pages.

Each process reads the auction at most four times a second, and only while somebody asks. What it found is written out
once, and given to everybody in front of Flask: there is no session, no query and no template in such an answer.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import Flask

from marketplace.auctions import rules
from marketplace.auctions.logs import history
from marketplace.auctions.models import Auction, AuctionState
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.languages import Language, _, heard, speaking
from marketplace.kit.shown import until

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FRESH_S = 0.25
ROWS = 10
"""Lines of the history on the listing's page."""
HURRY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The public standing. `leader_no` also serves to tell a visitor "that is you"."""

    code: str
    sealed: bool
    state: AuctionState
    arrivals: int
    price_yen: int | None
    start_yen: int
    minimum_yen: int
    step_yen: int
    reserve_met: bool | None
    """None where there is no reserve."""
    bid_count: int
    bidder_count: int
    scheduled_close_at: datetime
    closes_at: datetime
    extensions: int
    outages: int
    leader_no: str | None
    winner_no: str | None
    winner_yen: int | None

    @property
    def extended(self) -> bool:
        return self.closes_at > self.scheduled_close_at

    @property
    def poll_s(self) -> float:
        """How often a page asks; 0: no more."""
        if self.state in (AuctionState.SUSPENDED, AuctionState.TO_OPEN, AuctionState.TIED):
            return 10
        if self.state != AuctionState.OPEN:
            return 0
        return 1 if self.closes_at - now() < HURRY else 2


def snapshot_of(auction: Auction) -> Snapshot:
    reserve = auction.reserve_yen
    return Snapshot(
        code=auction.code,
        sealed=auction.sealed,
        state=auction.state,
        arrivals=0 if auction.sealed else auction.arrivals,
        price_yen=auction.price_yen,
        start_yen=auction.start_yen,
        minimum_yen=auction.minimum_yen,
        step_yen=rules.increment(auction.terms, auction.price_yen or auction.start_yen),
        reserve_met=None if reserve is None or auction.sealed else (auction.price_yen or 0) >= reserve,
        bid_count=auction.bid_count,
        bidder_count=auction.bidder_count,
        scheduled_close_at=auction.scheduled_close_at,
        closes_at=auction.closes_at,
        extensions=auction.extensions,
        outages=len(auction.outages),
        leader_no=auction.leader_no,
        winner_no=auction.winner_no,
        winner_yen=auction.winner_yen,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What is given out, and when it was read; None where there is no such auction."""

    read_at: float
    seen: tuple[Snapshot, float] | None
    body: bytes
    etag: str


def in_front(app: Flask) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """The application, with GET /auctions/<code>/state answered before it.

    JSON: {"seq", "state", "leader", "poll" (s), "say", "minimum", "steps", "parts": {id: HTML}}; its ETag changes with
    it. `X-Time` is the server's time in milliseconds, with a 304 too.
    """
    behind = app.wsgi_app
    kept: dict[tuple[str, Language], Answer] = {}
    one_reader = threading.Lock()

    def fresh(code: str, spoken: Language) -> Answer:
        asked = code, spoken
        found = kept.get(asked)
        if found is not None and time.monotonic() - found.read_at < FRESH_S:
            return found
        with one_reader:
            found = kept.get(asked)
            if found is None or time.monotonic() - found.read_at >= FRESH_S:
                if len(kept) >= 1000:  # a town has far fewer auctions open at once
                    kept.clear()
                with app.app_context(), speaking(spoken):
                    found = kept[asked] = read(app, code, found)
            return found

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        asked = path.startswith("/auctions/") and path.endswith("/state") and path.count("/") == 3
        if not asked or environ["REQUEST_METHOD"] != "GET":
            return behind(environ, start)
        found = fresh(path[10:-6], heard(environ))
        if found.seen is None:
            return behind(environ, start)  # says politely that there is no such page
        headers = [
            ("ETag", found.etag),
            ("Cache-Control", "no-cache"),
            ("Vary", "Cookie"),  # which names the language
            ("X-Time", str(int(now().timestamp() * 1000))),
        ]
        if environ.get("HTTP_IF_NONE_MATCH") == found.etag:
            start("304 Not Modified", headers)
            return []
        kind = ("Content-Type", "application/json; charset=utf-8")
        start("200 OK", [kind, ("Content-Length", str(len(found.body))), *headers])
        return [found.body]

    return answer


def read(app: Flask, code: str, before: Answer | None) -> Answer:
    """What stands in the register now. Written out anew only where it is not what was read before."""
    read_at = time.monotonic()
    auction = db.session.scalar(sa.select(Auction).where(Auction.code == code))
    if auction is None:
        return Answer(read_at, None, b"", "")
    standing = snapshot_of(auction)
    seen = (standing, standing.poll_s)
    if before is not None and before.seen == seen:
        return Answer(read_at, seen, before.body, before.etag)
    body = json.dumps(message(app, auction, standing), ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(read_at, seen, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def message(app: Flask, auction: Auction, standing: Snapshot) -> dict[str, Any]:
    state = app.jinja_env.get_template("auctions/_state.html")
    record = app.jinja_env.get_template("auctions/_recent.html")
    return {
        "seq": standing.arrivals,
        "state": str(standing.state),
        "leader": standing.leader_no,
        "poll": standing.poll_s,
        "say": spoken(standing),
        "minimum": f"{standing.minimum_yen:,}",
        "steps": steps(standing),
        "parts": {
            "standing": state.render(standing=standing),
            "record": record.render(auction=auction, bids=history(auction, ROWS)),
        },
    }


def steps(standing: Snapshot) -> list[int]:
    """Sums for the buttons that add to the field: one, five and ten steps of the band that the price is in."""
    return [] if standing.sealed else [standing.step_yen, 5 * standing.step_yen, 10 * standing.step_yen]


def spoken(standing: Snapshot) -> str:
    """What a screen reader says when it has changed: the figures, in one breath."""
    if standing.state == AuctionState.SUSPENDED:
        return _("受付を一時止めています。")
    if standing.state != AuctionState.OPEN:
        return _("受付は終わりました。")
    said = (
        ""
        if standing.price_yen is None
        else _(
            "現在の価格 %(price_yen)s円、最高額は%(leader_no)s番。",
            price_yen=f"{standing.price_yen:,}",
            leader_no=standing.leader_no,
        )
    )
    return said + (
        _("終了は%(closes_at)sにのびました。", closes_at=until(standing.closes_at)) if standing.extended else ""
    )
