"""The record of an auction for everybody: a page, a table, the log that replays, and the close for one's calendar."""

from __future__ import annotations

import json
from datetime import timedelta

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from marketplace.auctions.course import course
from marketplace.auctions.logs import bids_in_order, count_of, history, log_of, newest, price_steps
from marketplace.auctions.models import MAXIMA_PUBLIC, Auction, AuctionState, Bid
from marketplace.auctions.opening import of_listing
from marketplace.auctions.refusals import REASON_JA
from marketplace.chain import register
from marketplace.chain.anchoring import anchored
from marketplace.chain.contract import ANCHORS
from marketplace.kit import ics
from marketplace.kit.ics import Happening
from marketplace.kit.languages import _
from marketplace.kit.paging import asked_page, page_of
from marketplace.kit.plots import DOTS
from marketplace.kit.tables import csv_file
from marketplace.kit.web import conditional, or_404
from marketplace.listings.finding import announced
from marketplace.listings.models import Listing
from marketplace.settings import settings

bp = Blueprint("auctions_record", __name__)

PAGE = 100
COLUMNS = ("順番", "日時", "入札者", "受付", "理由", "上限または金額（円）", "価格（円）", "最高額の入札者", "終了")


def public_listing(code: str) -> Listing:
    return or_404(announced(code))


def public_auction(code: str) -> tuple[Listing, Auction]:
    """The listing and its auction; 404 where it has none, or none yet."""
    listing = public_listing(code)
    auction = of_listing(listing.id)
    if auction is None:
        abort(404)
    return listing, auction


@bp.get("/listings/<code>/bids")
def show(code: str) -> ResponseReturnValue:
    """The whole public history a page at a time, and after the close every bid with its maximum."""
    listing, auction = public_auction(code)
    number, pages = page_of(asked_page(), count_of(auction), PAGE)
    steps = price_steps(auction)
    page = render_template(
        "auctions/bids.html",
        listing=listing,
        auction=auction,
        bids=newest(auction, PAGE, (number - 1) * PAGE),
        number=number,
        pages=pages,
        course=course(auction, steps),
        dotted=len(steps) <= DOTS,
        dots=DOTS,
        whole=auction.state in MAXIMA_PUBLIC,
        reasons=REASON_JA,
        proof=anchored(auction.subject),
        anchors=register.contracts().get(ANCHORS),
        silences=[[auction.moment(at) for at in gap] for move in auction.outages for gap in move["gaps"]],
    )
    return conditional(page, max_age=0, private=True)


@bp.get("/listings/<code>/bids.csv")
def table(code: str) -> ResponseReturnValue:
    """The same lines as the page, in order of arrival."""
    _, auction = public_auction(code)
    rows = (
        [
            *(bid.seq, bid.at, bid.bidder_no, "不受理" if bid.reason else "受付"),
            REASON_JA.get(bid.reason, ""),
            *(bid.max_yen if auction.state in MAXIMA_PUBLIC else "", bid.price_yen, bid.leader_no or ""),
            auction.moment(bid.close),
        ]
        for bid in lines(auction)
    )
    return conditional(csv_file(f"{code}-bids.csv", COLUMNS, rows), max_age=0, private=True)


@bp.get("/listings/<code>/bids.json")
def log(code: str) -> ResponseReturnValue:
    """The log of docs/auction-v1.md. Maxima are secret until the auction is decided."""
    _, auction = public_auction(code)
    if auction.state not in MAXIMA_PUBLIC:
        abort(404)
    response = Response(json.dumps(log_of(auction), separators=(",", ":")) + "\n", mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{code}-bids.json"'
    return conditional(response, max_age=60)


@bp.get("/listings/<code>/close.ics")
def calendar(code: str) -> ResponseReturnValue:
    """The close as an event with a reminder an hour before, for any calendar (RFC 5545)."""
    listing, auction = public_auction(code)
    called_off = auction.state == AuctionState.CANCELLED
    close = Happening(
        uid=f"{auction.code}@{settings().base_url.partition('://')[2]}",
        at=auction.closes_at,
        title=_("入札の終了 %(title)s", title=listing.right.title),
        stamp=(listing.closed_at if called_off else None) or auction.opens_at,
        more=_("終了まぎわの入札などで、終了がのびることがあります。"),
        url=f"{settings().base_url}/listings/{auction.code}",
        version=auction.extensions + len(auction.outages) + called_off,
        cancelled=called_off,
        remind=timedelta(hours=1),
        ends=True,
    )
    response = ics.calendar("Auctions", [close])
    response.headers["Content-Disposition"] = f'attachment; filename="{code}.ics"'
    return conditional(response, max_age=60)


def lines(auction: Auction) -> list[Bid]:
    """What may be seen of the log now, in order of arrival."""
    return bids_in_order(auction) if auction.state in MAXIMA_PUBLIC else history(auction)[::-1]
