"""Bid in two steps, watch the price, read the record."""

from __future__ import annotations

import json

import sqlalchemy as sa
from flask import Blueprint, Response, abort, current_app, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from marketplace.accounts.session import current_account, signed_in
from marketplace.admissions.applying import participation_of
from marketplace.admissions.deciding import admitted
from marketplace.admissions.models import Participation
from marketplace.admissions.rules import NotAdmitted
from marketplace.auctions import bidding, desk
from marketplace.auctions.forms import BidForm, EnvelopeForm, PlaceForm
from marketplace.auctions.logs import history, log_of, maximum
from marketplace.auctions.models import MAXIMA_PUBLIC, Auction, AuctionState, Bid, Bidder, BidStatus
from marketplace.auctions.opening import of_listing
from marketplace.auctions.refusals import AuctionClosed, BelowMinimum, NotAboveOwnMaximum, SecondEnvelope
from marketplace.auctions.watching import Snapshot, snapshot, snapshot_of
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.kit.limits import limiter
from marketplace.kit.money import parse_yen
from marketplace.kit.refusals import Invalid, Refused
from marketplace.kit.web import conditional
from marketplace.listings.auction_rules import rules_of
from marketplace.listings.models import PUBLIC, Listing

bp = Blueprint("auctions", __name__)

RECENT = 10
"""Lines of the history on the listing's page."""


def panel(listing: Listing) -> Markup:
    """The box beside a listing: price, close, the way to a bid. For the pages that compose."""
    standing = snapshot(listing.code)
    chips = steps(standing) if standing and not standing.sealed else []
    form = EnvelopeForm() if standing and standing.sealed else BidForm(max_yen=standing and standing.minimum_yen)
    return Markup(  # noqa: S704 -- the template escapes
        render_template(
            "auctions/_panel.html",
            listing=listing,
            standing=standing,
            form=form,
            chips=chips,
            part=rules_of(listing).taking_part,
            admission=admission(listing),
            **who(standing),
        )
    )


def admission(listing: Listing) -> Participation | None:
    """The visitor's own 参加申込."""
    account_id = session.get("account_id")
    return participation_of(listing.id, account_id) if account_id else None


def record(listing: Listing) -> Markup:
    """入札のうごき: the newest lines of the public history. For the pages that compose."""
    auction = of_listing(listing.id)
    bids = history(auction)[:RECENT] if auction else []
    return Markup(render_template("auctions/_record.html", listing=listing, auction=auction, bids=bids))  # noqa: S704


def steps(standing: Snapshot) -> list[int]:
    """Sums for the buttons that add to the field: one, five and ten steps."""
    step = max(standing.minimum_yen - (standing.price_yen or 0), 1) if standing.price_yen else 1000
    return [step, 5 * step, 10 * step]


def who(standing: Snapshot | None) -> dict[str, object]:
    account_id = session.get("account_id")
    return {
        "leads": standing is not None and account_id is not None and standing.leader_id == account_id,
        "poll": poll_seconds(standing) if standing else 0,
    }


def poll_seconds(standing: Snapshot) -> int:
    """How often a page asks: each 2 s in the last ten minutes, else each 10 s; 0 once it is over."""
    if standing.state != AuctionState.OPEN:
        return 0
    return 2 if (standing.closes_at - now()).total_seconds() < 600 else 10


@bp.get("/auctions/<code>/state")
def state(code: str) -> Response:
    """The price fragment, asked again and again: no query but the snapshot's, 304 while nothing changed."""
    standing = snapshot(code)
    if standing is None:
        abort(404)
    template = current_app.jinja_env.get_template("auctions/_state.html")
    return conditional(template.render(standing=standing, **who(standing)), max_age=0, private=True)


@bp.get("/listings/<code>/bid")
@signed_in
def ask(code: str) -> ResponseReturnValue:
    listing, auction = open_auction(code)
    return bid_page(listing, auction, form_of(auction))


@bp.post("/listings/<code>/bid")
@limiter.limit("60/minute")
@signed_in
def confirm(code: str) -> ResponseReturnValue:
    """The second look: the sum in digits and in words. Nothing is bid yet."""
    listing, auction = open_auction(code)
    form = form_of(auction)
    if why_not(auction) is not None:
        return bid_page(listing, auction, form), 403
    if form.validate():
        if (form.max_yen.data or 0) >= auction.minimum_yen:
            return confirm_page(listing, auction, PlaceForm(formdata=None, max_yen=str(form.max_yen.data)))
        form.refuse(BelowMinimum(auction.minimum_yen))
    return bid_page(listing, auction, form), 422


@bp.post("/listings/<code>/bid/place")
@limiter.limit("60/minute")
@signed_in
def place(code: str) -> ResponseReturnValue:
    listing, auction = open_auction(code)
    buyer, form = current_account(), PlaceForm()
    assert buyer is not None, "signed_in lets nobody else in"
    auction_id, buyer_id = auction.id, buyer.id
    if why_not(auction) is not None:
        return bid_page(listing, auction, form_of(auction)), 403
    try:
        sum_yen = parse_yen(form.max_yen.data or "")
    except Invalid as refusal:
        return refused_page(listing, auction, refusal)
    if not form.validate():
        return confirm_page(listing, auction, form), 422
    try:
        bid_id = bidding.place_bid(auction_id, buyer_id, sum_yen).bid_id
    except (NotAboveOwnMaximum, SecondEnvelope) as refusal:
        same = same_bid(auction_id, buyer_id, sum_yen)  # a second click on one wish
        if same is None:
            return refused_page(*open_auction(code), refusal)
        bid_id = same
    except Refused as refusal:
        return refused_page(*open_auction(code), refusal)
    return redirect(url_for("auctions.accepted", code=code, bid_id=bid_id), 303)


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
    )


@bp.get("/listings/<code>/bids")
def bids(code: str) -> ResponseReturnValue:
    """The whole public history, and after the close every bid with its maximum."""
    listing = public_listing(code)
    auction = of_listing(listing.id)
    if auction is None:
        abort(404)
    whole = auction.state in MAXIMA_PUBLIC
    lines = list(reversed(all_bids(auction))) if whole else history(auction)
    page = render_template("auctions/bids.html", listing=listing, auction=auction, bids=lines, whole=whole)
    return conditional(page, max_age=0, private=True)


@bp.get("/listings/<code>/bids.json")
def log(code: str) -> ResponseReturnValue:
    """The log of docs/auction-v1.md. Maxima are secret until the auction is decided."""
    auction = of_listing(public_listing(code).id)
    if auction is None or auction.state not in MAXIMA_PUBLIC:
        abort(404)
    response = Response(json.dumps(log_of(auction), separators=(",", ":")) + "\n", mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{code}-bids.json"'
    return conditional(response, max_age=60)


def public_listing(code: str) -> Listing:
    listing = db.session.scalar(sa.select(Listing).where(Listing.code == code, Listing.state.in_(PUBLIC)))
    if listing is None:
        abort(404)
    return listing


def open_auction(code: str) -> tuple[Listing, Auction]:
    """The listing and its auction; the bid page itself says where it is over."""
    listing = public_listing(code)
    auction = of_listing(listing.id)
    if auction is None:
        abort(404)
    return listing, auction


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
    if over and not form.errors:
        form.refuse(AuctionClosed())
    refusal = why_not(auction)
    return render_template(
        "auctions/bid.html",
        listing=listing,
        auction=auction,
        standing=standing,
        form=form,
        chips=[] if auction.sealed else steps(standing),
        over=over,
        not_admitted=refusal,
        **who(standing),
    )


def confirm_page(listing: Listing, auction: Auction, form: PlaceForm) -> str:
    return render_template(
        "auctions/confirm.html",
        listing=listing,
        auction=auction,
        form=form,
        sum_yen=parse_yen(form.max_yen.data or "0"),
    )


def refused_page(listing: Listing, auction: Auction, refusal: Refused) -> tuple[str, int]:
    """Back to the sum, what was typed kept, the reason beside it."""
    form = form_of(auction)
    form.max_yen.errors = [str(refusal)]
    return bid_page(listing, auction, form), 422


def same_bid(auction_id: int, account_id: int, max_yen: int) -> int | None:
    """This person's newest accepted bid, where it is of the same sum."""
    own = sa.select(Bid).join(Bidder, Bidder.id == Bid.bidder_id).order_by(Bid.seq.desc()).limit(1)
    own = own.where(Bid.auction_id == auction_id, Bidder.account_id == account_id, Bid.status == BidStatus.ACCEPTED)
    bid = db.session.scalar(own)
    return bid.id if bid is not None and maximum(get(Auction, auction_id), bid) == max_yen else None


def all_bids(auction: Auction) -> list[Bid]:
    return list(db.session.scalars(sa.select(Bid).where(Bid.auction_id == auction.id).order_by(Bid.seq)))


BLUEPRINTS = (bp, desk.bp)
