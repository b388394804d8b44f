"""落札結果: how an auction ended, on a page and on paper."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from marketplace.auctions.models import Auction
from marketplace.auctions.outcomes import facts, final
from marketplace.kit.dates import full_day
from marketplace.kit.db import db
from marketplace.kit.languages import Language, speaking
from marketplace.kit.limits import limiter
from marketplace.kit.web import conditional
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.papers.paper import Paper
from marketplace.settings import settings

bp = Blueprint("auction_results", __name__)


@bp.get("/listings/<code>/result")
def show(code: str) -> ResponseReturnValue:
    listing, auction = find(code)
    page = render_template(
        "auctions/result.html", listing=listing, auction=auction, facts=facts(listing, auction), whole=final(auction)
    )
    return conditional(page, max_age=0, private=True)


@bp.get("/listings/<code>/result.pdf")
@limiter.limit("30/minute")
def paper(code: str) -> ResponseReturnValue:
    """The notice to be put up at the town hall, with the way to the log."""
    listing, auction = find(code)
    if not final(auction):
        abort(404)
    response = Response(notice(listing, auction), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{code}-result.pdf"'
    return conditional(response, max_age=60)


def notice(listing: Listing, auction: Auction) -> bytes:
    town = settings()
    dated = full_day(auction.closed_at or auction.closes_at)
    sheet = Paper("入札の結果について", issuer=town.town_name, reference=listing.code, dated=dated)
    sheet.text(f"「{listing.right.title_ja}」の{listing.mode.ja}の結果は、次のとおりです。")
    with speaking(Language.JA):
        sheet.facts(facts(listing, auction))
    sheet.note("落札した方のお名前は、ご本人の同意がないかぎり公開しません。番号は、この入札だけのものです。")
    address = f"{town.base_url}/listings/{listing.code}/bids"
    sheet.code(address, f"入札の記録は、どなたでも確かめられます。 {address}")
    sheet.text(f"{town.town_office}\n電話 {town.town_phone}（{town.town_hours}）")
    return sheet.pdf()


def find(code: str) -> tuple[Listing, Auction]:
    found = sa.select(Listing, Auction).join(Auction, Auction.listing_id == Listing.id)
    row = db.session.execute(found.where(Listing.code == code, ANNOUNCED)).first()
    return (row[0], row[1]) if row is not None else abort(404)
