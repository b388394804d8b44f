"""Bid in two steps, watch the price, read the record."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

import sqlalchemy as sa
from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from marketplace.accounts.session import SignedOut, claim, current_account, signed_in, visitor_id
from marketplace.admissions.applying import participation_of
from marketplace.admissions.deciding import admitted
from marketplace.admissions.models import Participation
from marketplace.admissions.rules import NotAdmitted
from marketplace.auctions import bidding, desk, lining_up, results, watching
from marketplace.auctions import record as record_pages
from marketplace.auctions.agreed import agreed
from marketplace.auctions.course import small
from marketplace.auctions.forms import BidForm, EnvelopeForm, PlaceForm
from marketplace.auctions.logs import history, maximum
from marketplace.auctions.models import Auction, AuctionState, Bid, Bidder, BidStatus
from marketplace.auctions.opening import of_listing
from marketplace.auctions.own import Own, own_of
from marketplace.auctions.record import public_auction, public_listing
from marketplace.auctions.refusals import (
    BelowMinimum,
    BidRefused,
    NotAboveOwnMaximum,
    SecondEnvelope,
    TooMuch,
)
from marketplace.auctions.watching import ROWS, snapshot_of, steps
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, get
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.money import LARGEST_CHARGE, TooLarge, parse_yen
from marketplace.kit.refusals import Invalid, Refused
from marketplace.kit.web import conditional, wants_fragment
from marketplace.listings.auction_rules import rules_of
from marketplace.listings.models import Listing
from marketplace.settings import settings

bp = Blueprint("auctions", __name__)
bp.add_app_template_filter(lambda moment: f"{jst(moment):%H:%M:%S}", "clock_time")


@bp.record_once
def answer_before_the_pages(state: BlueprintSetupState) -> None:
    assert isinstance(state.app, Flask)
    state.app.wsgi_app = lining_up.in_front(state.app)  # type: ignore[method-assign, assignment]
    state.app.wsgi_app = watching.in_front(state.app)  # type: ignore[method-assign, assignment]


def often() -> str:
    return f"{settings().bids_per_minute}/minute"


def panel(listing: Listing) -> Markup:
    """The box beside a listing: price, close, the way to a bid. For the pages that compose."""
    auction = of_listing(listing.id)
    standing = snapshot_of(auction) if auction else None
    chips = steps(standing) if standing else []
    form = None  # its seal is a cookie: a page without it is the same for everybody
    if standing and standing.state == AuctionState.OPEN:
        form = EnvelopeForm() if standing.sealed else BidForm(max_yen=standing.minimum_yen)
    return Markup(  # noqa: S704 -- the template escapes
        render_template(
            "auctions/_panel.html",
            listing=listing,
            standing=standing,
            form=form,
            chips=chips,
            part=rules_of(listing).taking_part,
            admission=admission(listing),
            **who(auction),
        )
    )


def admission(listing: Listing) -> Participation | None:
    """The visitor's own 参加申込."""
    account_id = visitor_id()
    return participation_of(listing.id, account_id) if account_id else None


def record(listing: Listing) -> Markup:
    """入札のうごき: the newest lines of the public history. For the pages that compose."""
    auction = of_listing(listing.id)
    bids = history(auction, ROWS) if auction else []
    drawing = small(auction) if auction else None
    return Markup(  # noqa: S704 -- the template escapes
        render_template("auctions/_record.html", listing=listing, auction=auction, bids=bids, course=drawing)
    )


class Visitor(TypedDict):
    own: Own | None
    """Their part in an auction; None where they did not bid."""
    mine: str | None
    """Their number."""
    clock: datetime
    """The server's."""


def who(auction: Auction | None) -> Visitor:
    account_id = visitor_id()
    own = own_of(auction, account_id) if auction is not None and account_id is not None else None
    return {"own": own, "mine": own.no if own is not None else None, "clock": now()}


@bp.get("/listings/<code>/bid")
@signed_in
def ask(code: str) -> ResponseReturnValue:
    listing, auction = public_auction(code)
    return bid_page(listing, auction, form_of(auction))


@bp.post("/listings/<code>/bid")
@limiter.limit(often, key_func=each_account)
@signed_in
def confirm(code: str) -> ResponseReturnValue:
    """The second look: the sum in digits and in words. Nothing is bid yet."""
    listing, auction = public_auction(code)
    form = form_of(auction)
    if why_not(auction) is not None:
        return bid_page(listing, auction, form), 403
    if form.validate():
        sum_yen = form.max_yen.data or 0
        if not auction.minimum_yen <= sum_yen <= LARGEST_CHARGE:
            form.refuse(BelowMinimum(auction.minimum_yen) if sum_yen < auction.minimum_yen else TooMuch())
        else:
            return confirm_page(listing, auction, PlaceForm(formdata=None, max_yen=str(sum_yen)))
    return bid_page(listing, auction, form), 422


@bp.post("/listings/<code>/bid/place")
@limiter.limit(often, key_func=each_account)
def place(code: str) -> ResponseReturnValue:
    """Place the confirmed bid. The database is asked only what the bid itself needs: everybody comes here at once."""
    visitor, typed = claim(), request.form.get("max_yen", "")
    if visitor is None:
        return ask_to_sign_in()
    try:
        sum_yen = parse_yen(typed)
        if not request.form.get("agreed"):
            form = PlaceForm()
            form.validate()
            return confirm_page(*public_auction(code), form), 422
        bid_id = bidding.place_bid(agreed(code).id, visitor.account_id, sum_yen, visitor).bid_id
    except SignedOut:
        return ask_to_sign_in()
    except (NotAboveOwnMaximum, SecondEnvelope) as refusal:
        same = same_bid(agreed(code).id, visitor.account_id, sum_yen)  # a second click on one wish
        if same is None:
            return refused(code, typed, refusal)
        bid_id = same
    except NotAdmitted as refusal:
        if wants_fragment():
            return refused(code, typed, refusal)
        listing, auction = public_auction(code)
        return bid_page(listing, auction, form_of(auction)), refusal.status
    except Refused as refusal:
        return refused(code, typed, TooMuch() if isinstance(refusal, TooLarge) else refusal)
    there = f"/listings/{code}/bid/{bid_id}"
    if wants_fragment():
        return "", 200, {"HX-Redirect": there}
    return redirect(there, 303)


@bp.get("/listings/<code>/bid/<int:bid_id>")
@signed_in
def accepted(code: str, bid_id: int) -> ResponseReturnValue:
    """What became of one's own bid."""
    buyer = current_account()
    own = sa.select(Bid).join(Bidder, Bidder.id == Bid.bidder_id)
    own = own.where(
        Bid.id == bid_id, Bid.status == BidStatus.ACCEPTED, Bidder.account_id == buyer.id if buyer else sa.false()
    )
    bid = db.session.scalar(own)
    listing = public_listing(code)
    auction = of_listing(listing.id)
    if bid is None or auction is None or bid.auction_id != auction.id:
        abort(404)
    return render_template(
        "auctions/accepted.html",
        listing=listing,
        auction=auction,
        bid=bid,
        max_yen=maximum(auction, bid),
        leads=auction.leader_no == bid.bidder_no,
        standing=snapshot_of(auction),
        **who(auction),
    )


@bp.get("/listings/<code>/own")
def ending(code: str) -> ResponseReturnValue:
    """What the end means to who asks, for a page of theirs that was open when it came; nothing to anybody else."""
    own = who(public_auction(code)[1])["own"]
    told = render_template("auctions/_own.html", own=own) if own is not None and own.over else ""
    return conditional(told, max_age=0, private=True)


def form_of(auction: Auction) -> BidForm | EnvelopeForm:
    """What was typed; on the first look, the least that would be a bid."""
    return EnvelopeForm() if auction.sealed else BidForm(max_yen=auction.minimum_yen)


def why_not(auction: Auction) -> NotAdmitted | None:
    """Why this visitor may not bid here (yet); None: may, or there is nobody to ask."""
    account = current_account()
    if not auction.by_admission or account is None:
        return None
    try:
        admitted(auction.listing_id, account.id)
    except NotAdmitted as refusal:
        return refusal
    return None


def bid_page(listing: Listing, auction: Auction, form: BidForm | EnvelopeForm) -> str:
    standing = snapshot_of(auction)
    over = auction.state != AuctionState.OPEN or now() >= auction.closes_at
    refusal = why_not(auction)
    return render_template(
        "auctions/bid.html",
        listing=listing,
        auction=auction,
        standing=standing,
        form=form,
        code=auction.code,
        sealed=auction.sealed,
        minimum_yen=standing.minimum_yen,
        chips=steps(standing),
        over=over,
        not_admitted=refusal,
        **who(auction),
    )


def confirm_page(listing: Listing, auction: Auction, form: PlaceForm) -> str:
    return render_template(
        "auctions/confirm.html",
        listing=listing,
        auction=auction,
        form=form,
        sum_yen=parse_yen(form.max_yen.data or "0"),
    )


def ask_to_sign_in() -> ResponseReturnValue:
    there = url_for("accounts.ask", next=request.form.get("back") or "/mypage")
    return ("", 200, {"HX-Redirect": there}) if wants_fragment() else redirect(there, 303)


def refused(code: str, typed: str, refusal: Refused) -> ResponseReturnValue:
    """Back to the sum, what was typed kept, the reason beside it and the least that can be bid now."""
    if not wants_fragment():
        listing, auction = public_auction(code)
        form = form_of(auction)
        form.max_yen.errors = [str(refusal)]
        return bid_page(listing, auction, form), 422
    if isinstance(refusal, BidRefused):
        least = refusal.minimum
    else:
        least = public_auction(code)[1].minimum_yen if isinstance(refusal, Invalid) else None
    template = current_app.jinja_env.get_template("auctions/_again.html")
    token = request.form.get("csrf_token", "")  # it was good a moment ago
    return template.render(
        code=code, typed=typed, refusal=str(refusal), least=least, token=token, sealed=agreed(code).sealed
    ), 422


def same_bid(auction_id: int, account_id: int, max_yen: int) -> int | None:
    """This person's newest accepted bid, where it is of the same sum."""
    own = sa.select(Bid).join(Bidder, Bidder.id == Bid.bidder_id).order_by(Bid.seq.desc()).limit(1)
    own = own.where(Bid.auction_id == auction_id, Bidder.account_id == account_id, Bid.status == BidStatus.ACCEPTED)
    bid = db.session.scalar(own)
    return bid.id if bid is not None and maximum(get(Auction, auction_id), bid) == max_yen else None


BLUEPRINTS = (bp, record_pages.bp, desk.bp, results.bp)
