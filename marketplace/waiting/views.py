"""The waiting room of a sale: take a place, see where one stands, be let in; and the file that proves the order."""

from __future__ import annotations

import json

import sqlalchemy as sa
from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from marketplace.accounts.session import signed_in, visitor_id
from marketplace.kit.db import db
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.web import conditional, wants_fragment
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.waiting import desk, joining
from marketplace.waiting.forms import ClickForm
from marketplace.waiting.models import Room
from marketplace.waiting.refusals import NoRoom
from marketplace.waiting.standing import published, standing_of

bp = Blueprint("waiting", __name__)
BLUEPRINTS = (bp, desk.bp)
SALE = (
    sa.select(Listing, Room)
    .outerjoin(Room, Room.listing_id == Listing.id)
    .where(Listing.code == sa.bindparam("code"), ANNOUNCED, Listing.waiting_room)
)


@bp.get("/listings/<code>/waiting")
def show(code: str) -> ResponseReturnValue:
    listing, room = _of(code)
    standing = standing_of(room, listing, visitor_id())
    template = "waiting/_place.html" if wants_fragment() else "waiting/place.html"
    page = render_template(template, listing=listing, room=room, standing=standing)
    return conditional(page, max_age=0, private=True)


@bp.post("/listings/<code>/waiting")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def join(code: str) -> ResponseReturnValue:
    account_id, room = _clicked(code)
    joining.join(room.id, account_id)
    return redirect(url_for("waiting.show", code=code), 303)


@bp.post("/listings/<code>/waiting/leave")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def leave(code: str) -> ResponseReturnValue:
    account_id, room = _clicked(code)
    joining.leave(room.id, account_id)
    return redirect(url_for("waiting.show", code=code), 303)


@bp.get("/listings/<code>/waiting.json")
def proof(code: str) -> ResponseReturnValue:
    """Everything by which the order can be recomputed."""
    _, room = _of(code)
    if room is None:
        abort(404)
    text = json.dumps(published(room), ensure_ascii=False, separators=(",", ":"))
    return conditional(Response(text, content_type="application/json"), max_age=1)


def panel(listing: Listing, remaining: int) -> Markup:
    """The box beside a listing with a waiting room. For the pages that compose."""
    room = joining.room_of(listing.id)
    return Markup(  # noqa: S704 -- the template escapes
        render_template("waiting/_panel.html", listing=listing, room=room, remaining=remaining)
    )


def _of(code: str) -> tuple[Listing, Room | None]:
    row = db.session.execute(SALE, {"code": code}).first()
    return (row[0], row[1]) if row is not None else abort(404)


def _clicked(code: str) -> tuple[int, Room]:
    """Who clicked, and the room. NoRoom where it is not open (yet)."""
    _, room = _of(code)
    account_id = visitor_id()
    ClickForm().validate()
    if room is None or account_id is None:
        raise NoRoom
    return account_id, room
