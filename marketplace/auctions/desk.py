"""The staff's page of an auction: equal highest sealed bids are drawn before witnesses."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, staff
from marketplace.auctions import closing
from marketplace.auctions.forms import TieForm
from marketplace.auctions.models import Auction
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.listings.auction_words import in_words

bp = Blueprint("auctions_desk", __name__)
bp.add_app_template_filter(in_words, "auction_rules")


@bp.get("/staff/auctions/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    return page(find(code), TieForm())


@bp.post("/staff/auctions/<code>/draw")
@staff("drafter", "approver")
def draw(code: str) -> ResponseReturnValue:
    auction, form, actor = find(code), TieForm(), current_account()
    assert actor is not None, "staff() lets nobody else in"
    auction_id = auction.id
    if not form.validate():
        return page(auction, form), 422
    digits = "".join((form.digits.data or "").split())
    try:
        closing.draw_tie(auction_id, digits, [form.witnesses.data or "", form.second.data or ""], actor.id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), form), refusal.status
    return redirect(url_for("auctions_desk.show", code=code), 303)


def find(code: str) -> Auction:
    auction = db.session.scalar(sa.select(Auction).where(Auction.code == code))
    if auction is None:
        abort(404)
    return auction


def page(auction: Auction, form: TieForm) -> str:
    return render_template("auctions/desk.html", auction=auction, listing=auction.listing, form=form)
