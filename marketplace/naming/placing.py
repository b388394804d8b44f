"""The office's page of public places: their names, and where they are on the map."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectChoice

from marketplace.accounts.session import me, staff
from marketplace.kit.refusals import Refused
from marketplace.listings.drafting import staff_name
from marketplace.naming import places
from marketplace.naming.forms import PlaceForm
from marketplace.naming.maps import Pin, town_map
from marketplace.naming.models import Place
from marketplace.rights.apart import titles

bp = Blueprint("places_desk", __name__, url_prefix="/staff/places")


@bp.get("")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    return listed(filled(PlaceForm(formdata=None)))


@bp.get("/<code>")
@staff("drafter", "approver")
def edit(code: str) -> ResponseReturnValue:
    place = places.place_by(code)
    now = {"name": place.name, "x": place.x, "y": place.y, "right": str(place.right_id or "")}
    return listed(filled(PlaceForm(formdata=None, data=now)), place)


@bp.post("")
@bp.post("/<code>")
@staff("drafter", "approver")
def put(code: str | None = None) -> ResponseReturnValue:
    place = places.place_by(code) if code else None
    form = filled(PlaceForm())
    account = me()
    try:
        if form.validate():
            right = int(form.right.data) if form.right.data else None
            names = (form.name.data or "", form.x.data, form.y.data)
            places.put(staff_name(account.id), *names, right, place.id if place else None)
            flash("場所を保存しました。")
            return redirect(url_for("places_desk.index"), 303)
    except Refused as refusal:
        form.refuse(refusal)
    return listed(form, place), 422


def filled(form: PlaceForm) -> PlaceForm:
    called = titles(places.naming_rights())
    rights = [SelectChoice(str(right_id), words) for right_id, words in called.items()]
    form.right.choices = [SelectChoice("", "（命名権の場所ではない）"), *rights]
    return form


def listed(form: PlaceForm, place: Place | None = None) -> str:
    rows = places.all_places()
    pins = [Pin(number, row, row.name) for number, row in enumerate(rows, 1) if row.right_id is not None]
    spots = [row for row in rows if row.right_id is None and row.x is not None]
    return render_template("naming/places.html", rows=rows, form=form, place=place, map=town_map(pins, spots))
