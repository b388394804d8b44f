"""The office's page of a waiting room: how the line moves, and places for those on the phone or at the counter."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager

from marketplace.accounts.session import me, staff
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.listings.models import Listing
from marketplace.orders.models import Order
from marketplace.waiting import counting, joining, reserving
from marketplace.waiting.forms import CallerForm, ClickForm
from marketplace.waiting.models import Place, Room, Via

bp = Blueprint("waiting_desk", __name__, url_prefix="/staff/waiting")
OFFICE = ("drafter", "approver", "counter")


@bp.get("")
@staff(*OFFICE)
def index() -> ResponseReturnValue:
    """Rooms that are open first, then the newest."""
    rooms = sa.select(Room).join(Listing).options(contains_eager(Room.listing)).limit(50)
    rooms = rooms.order_by(Room.ended_at.is_not(None), Listing.opens_at.desc(), Room.id.desc())
    found = db.session.scalars(rooms).all()
    figures = counting.figures_of(found)
    rows = [(room, figures[room.id]) for room in found]
    return render_template("waiting/rooms.html", rows=rows)


@bp.get("/<code>")
@staff(*OFFICE)
def show(code: str) -> ResponseReturnValue:
    return _page(_room(code), CallerForm(formdata=None))


@bp.post("/<code>/callers")
@staff(*OFFICE)
def take_down(code: str) -> ResponseReturnValue:
    room, form = _room(code), CallerForm()
    if form.validate():
        try:
            place_id = joining.take_down(room.id, me().id, form.email.data or "")
        except Refused as refusal:
            form.refuse(refusal)
        else:
            place = db.session.get_one(Place, place_id)
            flash(f"整理券の受付番号は {place.no} です。電話・窓口の方へお伝えください。")
            return redirect(url_for("waiting_desk.show", code=code), 303)
    return _page(room, form), 422


@bp.post("/<code>/callers/<int:no>/reserve")
@staff(*OFFICE)
def reserve(code: str, no: int) -> ResponseReturnValue:
    """Hold a unit for a caller whose turn it is, and send the link to pay."""
    room = _room(code)
    place = db.session.scalar(sa.select(Place).where(Place.room_id == room.id, Place.no == no, Place.via == Via.DESK))
    if place is None:
        abort(404)
    if ClickForm().validate():
        try:
            order_id = reserving.reserve(place.id, me().id)
        except Refused as refusal:
            flash(str(refusal), "warn")
        else:
            flash(f"1点取り置きました。注文 {db.session.get_one(Order, order_id).code} のお支払いのご案内を送ります。")
    return redirect(url_for("waiting_desk.show", code=code), 303)


def _page(room: Room, form: CallerForm) -> str:
    return render_template(
        "waiting/room.html",
        room=room,
        listing=room.listing,
        figures=counting.figures(room),
        waves=counting.waves(room),
        callers=counting.callers(room),
        form=form,
        at=now(),
    )


def _room(code: str) -> Room:
    return or_404(db.session.scalar(sa.select(Room).where(Room.code == code)))
