"""The staff's page of an auction: open sealed bids, draw a tie, stop for a while or for good, try again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, staff
from marketplace.auctions import awarding, relisting, stopping, unsealing
from marketplace.auctions.forms import CancelForm, OpeningForm, PressForm, SuspendForm, TieForm
from marketplace.auctions.models import Auction, AuctionState
from marketplace.auctions.opening import of_listing
from marketplace.kit.db import db, get
from marketplace.kit.forms import Form
from marketplace.kit.letters import as_code
from marketplace.kit.paging import leaf
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.listings.auction_words import in_words
from marketplace.listings.models import BY_BIDS, Listing, ListingState
from marketplace.orders.models import Order

bp = Blueprint("auctions_desk", __name__, url_prefix="/staff/auctions")
bp.add_app_template_filter(in_words, "auction_rules")
PAGE = 50


@dataclass
class Forms:
    """The forms of the page; the one that came back carries what was typed and what is wrong with it."""

    opening: OpeningForm = field(default_factory=lambda: OpeningForm(formdata=None))
    tie: TieForm = field(default_factory=lambda: TieForm(formdata=None))
    suspend: SuspendForm = field(default_factory=lambda: SuspendForm(formdata=None))
    cancel: CancelForm = field(default_factory=lambda: CancelForm(formdata=None))
    press: PressForm = field(default_factory=lambda: PressForm(formdata=None))


@bp.get("")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    """Every sale by bids from its approval on, the newest first."""
    drafts = (ListingState.DRAFT, ListingState.SUBMITTED)
    approved = sa.select(Listing).where(Listing.mode.in_(BY_BIDS), Listing.state.not_in(drafts))
    found = leaf(approved.order_by(Listing.opens_at.desc(), Listing.id.desc()), PAGE)
    begun = sa.select(Auction).where(Auction.listing_id.in_([listing.id for listing in found.rows]))
    auctions = {auction.listing_id: auction for auction in db.session.scalars(begun)}
    return render_template("auctions/index.html", leaf=found, auctions=auctions)


@bp.get("/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    listing = find(code)
    auction = of_listing(listing.id)
    names = (auction.witnesses if auction else None) or ["", ""]
    return page(listing, Forms(tie=TieForm(formdata=None, witnesses=names[0], second=names[1])))


@bp.post("/<code>/open")
@staff("drafter", "approver")
def unseal(code: str) -> ResponseReturnValue:
    form = OpeningForm()
    names = [form.witnesses.data or "", form.second.data or ""]
    return done(code, Forms(opening=form), form, lambda: unsealing.open_envelopes(auction_id(code), names, me().id))


@bp.post("/<code>/draw")
@staff("drafter", "approver")
def draw(code: str) -> ResponseReturnValue:
    form = TieForm()
    digits = as_code(form.digits.data or "")
    names = [form.witnesses.data or "", form.second.data or ""]
    return done(code, Forms(tie=form), form, lambda: unsealing.draw_tie(auction_id(code), digits, names, me().id))


@bp.post("/<code>/suspend")
@staff("drafter", "approver")
def suspend(code: str) -> ResponseReturnValue:
    form = SuspendForm()
    reason = form.why.data or ""
    return done(code, Forms(suspend=form), form, lambda: stopping.suspend(auction_id(code), me().id, reason))


@bp.post("/<code>/resume")
@staff("drafter", "approver")
def resume(code: str) -> ResponseReturnValue:
    form = PressForm()
    return done(code, Forms(press=form), form, lambda: stopping.resume(auction_id(code), me().id))


@bp.post("/<code>/cancel")
@staff("approver")
def cancel(code: str) -> ResponseReturnValue:
    form = CancelForm()
    reason = form.reason.data or ""
    return done(code, Forms(cancel=form), form, lambda: stopping.cancel(find(code).id, me().id, reason))


@bp.post("/<code>/relist")
@staff("drafter")
def relist(code: str) -> ResponseReturnValue:
    if not PressForm().validate():
        abort(400)
    listing_id = relisting.relist(auction_id(code), me().id)
    flash("下書きをつくりました。日時と価格を確かめてから、承認に出してください。")
    return redirect(url_for("drafting.edit", code=get(Listing, listing_id).code), 303)


def done(code: str, forms: Forms, form: Form, act: Callable[[], None]) -> ResponseReturnValue:
    """Do it and look again; or the page with what is wrong beside its field."""
    if not form.validate():
        return page(find(code), forms, form), 422
    try:
        act()
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), forms, form), refusal.status
    return redirect(url_for("auctions_desk.show", code=code), 303)


def find(code: str) -> Listing:
    found = sa.select(Listing).where(Listing.code == code, Listing.mode.in_(BY_BIDS))
    return or_404(db.session.scalar(found))


def auction_id(code: str) -> int:
    auction = of_listing(find(code).id)
    return auction.id if auction is not None else abort(404)


def page(listing: Listing, forms: Forms, faulty: Form | None = None) -> str:
    auction = of_listing(listing.id)
    awarded = auction is not None and auction.state == AuctionState.AWARDED
    before = listing.state in (ListingState.APPROVED, ListingState.PUBLISHED)
    stoppable = auction.state in stopping.STOPPABLE if auction else before
    return render_template(
        "auctions/desk.html",
        listing=listing,
        auction=auction,
        forms=forms,
        form=faulty or forms.press,
        order=db.session.get(Order, auction.order_id) if auction and auction.order_id else None,
        following=awarding.following(auction) if auction and awarded else (None, 0),
        stoppable=stoppable,
        unsold=awarding.UNSOLD_JA,
        relisted=db.session.get(Listing, auction.relisted_id) if auction and auction.relisted_id else None,
    )
