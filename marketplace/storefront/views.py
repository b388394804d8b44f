"""Home, the page of a right, and the pages that explain."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.introducing import prefer
from marketplace.accounts.session import current_account
from marketplace.auctions import views as auctions
from marketplace.auctions.approved import may_be_read
from marketplace.fund.statements import collected_yen
from marketplace.kit import furigana, languages
from marketplace.kit.db import db
from marketplace.kit.web import conditional, or_404, safe_next, set_cookie
from marketplace.listings import amending
from marketplace.listings.disclosure import disclosed, withdrawal
from marketplace.listings.finding import announced
from marketplace.listings.models import ANNOUNCED, BY_BIDS, SALE_JA, Listing, Mode
from marketplace.lotteries import views as lotteries
from marketplace.metadata.amending import corrections
from marketplace.metadata.pictures import url as picture_url
from marketplace.metadata.replicating import VERIFIED, standing
from marketplace.orders.models import OPEN, Order
from marketplace.resale.distribution import FEW, said
from marketplace.resale.statements import figures_lately
from marketplace.settings import settings
from marketplace.storefront import (
    catalogue,
    duties,
    embedding,
    feed,
    market,
    mypage,
    records,
    resident_card,
    sale_pages,
    schema_org,
    sharing,
    tokens,
)
from marketplace.storefront.cards import SHOWN, about
from marketplace.storefront.catalogue import ENDED, ON_SALE, listed
from marketplace.tokens.models import Token
from marketplace.waiting import views as waiting

bp = Blueprint("storefront", __name__)
BLUEPRINTS = (
    bp,
    catalogue.bp,
    feed.bp,
    sale_pages.bp,
    mypage.bp,
    resident_card.bp,
    records.bp,
    market.bp,
    tokens.bp,
    duties.bp,
    embedding.bp,
    sharing.bp,
)
CHOICES = {
    "size": ("m", "l", "xl"),
    "theme": ("auto", "light", "dark"),
    furigana.COOKIE: (furigana.ON, furigana.OFF),
    "comic": ("read",),
}
"""What a reader chooses for their browser alone."""

PAGE = sa.select(Listing).where(Listing.code == sa.bindparam("code"), ANNOUNCED)
MINE = sa.select(Order).where(
    Order.buyer_id == sa.bindparam("buyer"), Order.listing_id == sa.bindparam("listing"), Order.state.in_(OPEN)
)
ISSUED = sa.select(sa.func.count()).where(Token.listing_code == sa.bindparam("code"))
BESIDE = sa.select(
    ISSUED.scalar_subquery().label("issued"),
    amending.WAS_CHANGED.label("changed"),
    VERIFIED.scalar_subquery().label("held"),
)
"""What the page of a sale says beside the sale itself, in one look."""


def public(page: str) -> Response:
    """A page that is the same for everybody may be kept for a second; one with a name on it may not."""
    return conditional(page, max_age=1, private=current_account() is not None)


@bp.get("/")
def home() -> ResponseReturnValue:
    listings = list(db.session.scalars(listed(ON_SALE).options(*SHOWN).limit(12)))
    ended = list(db.session.scalars(listed(ENDED).options(*SHOWN).limit(3)))
    figures = figures_lately()
    page = render_template(
        "storefront/home.html",
        listings=listings,
        ended=ended,
        about=about([*listings, *ended]),
        issued=figures.issued,
        holders=said(figures.holders),
        few=FEW,
        collected=collected_yen(),
        modes=mode_counts(),
    )
    return public(page)


@bp.get("/listings/<code>")
def show(code: str) -> ResponseReturnValue:
    listing = db.session.scalar(PAGE, {"code": code})
    if listing is None:
        abort(404)
    return conditional(page_of(listing), max_age=1, private=True)


def page_of(listing: Listing) -> str:
    """The page of a listing as a buyer sees it."""
    panel = record = None
    if listing.mode in BY_BIDS:
        panel, record = auctions.panel(listing), auctions.record(listing)
    elif listing.mode == Mode.LOTTERY:
        panel = lotteries.panel(listing)
    me = current_account()
    mine = me and db.session.scalar(MINE, {"buyer": me.id, "listing": listing.id})
    card = about([listing])[listing.id]
    known = {"code": listing.code, "listing": listing.id, "right": listing.right_id}
    issued, changed, held = db.session.execute(BESIDE, known).one()
    if listing.waiting_room and listing.state not in ENDED and not mine:
        panel = waiting.panel(listing, card.remaining)
    return render_template(
        "storefront/listing.html",
        listing=listing,
        right=listing.right,
        card=card,
        linked=schema_org.product(listing, card, settings()),
        picture=picture_url(listing.right, 960),
        panel=panel,
        record=record,
        mine=mine,
        kept=standing(listing.right_id, held),
        corrections=corrections(listing.right),
        withdrawal=withdrawal(listing),
        amendments=[(row, amending.changed_by(row)) for row in (amending.published(listing.id) if changed else ())],
        issued=issued,
        text=listing.text_hash and listing.published_at and may_be_read(listing),
        over=listing.state in ENDED,
    )


@bp.get("/listings/<code>/law")
def law_of(code: str) -> ResponseReturnValue:
    """The notice of a single sale, filled in."""
    listing = or_404(announced(code))
    return public(render_template("storefront/law_of.html", listing=listing, disclosed=disclosed(listing)))


@bp.get("/about")
def explanation() -> ResponseReturnValue:
    return public(render_template("storefront/about.html"))


@bp.get("/help")
def questions() -> ResponseReturnValue:
    return public(render_template("storefront/help.html"))


@bp.get("/law")
def law() -> ResponseReturnValue:
    """The notice for all sales, and those on sale now, each with its own."""
    return public(render_template("storefront/law.html", listings=list(db.session.scalars(listed(ON_SALE)))))


@bp.get("/display")
def display() -> ResponseReturnValue:
    """Size of letters, colours, language, furigana and what was read, in cookies: the server draws them at once."""
    response = redirect(safe_next(request.args.get("next")), 303)
    for name, values in CHOICES.items():
        if (value := request.args.get(name)) in values:
            set_cookie(response, name, str(value), max_age=365 * 86400)
    if wish := languages.read(request.args.get("language")):
        languages.keep(response, wish)
        if me := current_account():
            prefer(me.id, wish)
    return response


def mode_counts() -> dict[str, int]:
    rows = db.session.execute(
        sa.select(Listing.mode, sa.func.count())
        .where(Listing.state.in_(ON_SALE), Listing.mode.in_(SALE_JA))
        .group_by(Listing.mode)
    )
    return {str(mode): count for mode, count in rows}
