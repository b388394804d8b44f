"""Keep a listing's form while it is typed, and show how buyers would see it: in the background, or by a button."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from marketplace.accounts.session import me, staff
from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.kit.refusals import Refused
from marketplace.kit.shown import clock
from marketplace.kit.web import or_404
from marketplace.listings import checking, prepaid, scratches
from marketplace.listings.facts import FIELDS as SALE
from marketplace.listings.models import Listing, Scratch
from marketplace.listings.scratches import Overtaken
from marketplace.rights.drafting import FIELDS as WORDS
from marketplace.rights.models import Right
from marketplace.staff.drafting import listing_of, page
from marketplace.staff.forms import CHOICES, ListingForm

bp = Blueprint("scratching", __name__, url_prefix="/staff/scratch")
UNKEPT = {"csrf_token", "picture", "only_draw", "scratch", "scratch_no", "anyway", "of"}


@bp.post("")
@staff("drafter")
def keep() -> ResponseReturnValue:
    """Keep everything typed. Answers a script with JSON, a person with a page."""
    form, of, scripted = (
        ListingForm(),
        request.form.get("of", ""),
        "application/json" in request.headers.get("Accept", ""),
    )
    listing = listing_of(of) if of else None
    listing_id = listing.id if listing else None
    typed = {name: request.form.getlist(name) for name in request.form if name in form and name not in UNKEPT}
    known = str(form.scratch_no.data or "")
    try:
        code, revision = scratches.keep(
            me().id,
            typed,
            code=form.scratch.data or "",
            revision=int(known) if known.isdecimal() else 0,
            listing_id=listing_id,
            anyway="anyway" in request.form,
        )
    except Refused as refusal:
        if scripted:
            return jsonify(message=str(refusal), code=refusal.code), refusal.status
        form.refuse(refusal)
        overtaken = isinstance(refusal, Overtaken)
        return page(form, get(Listing, listing_id) if listing_id else None, anyway=overtaken), refusal.status
    if not scripted:
        flash("書きかけを保存しました。まだ下書きにはなっていません。")
        return redirect(url_for("scratching.show", code=code), 303)
    seen = previewed(form)
    return jsonify(
        scratch=code,
        scratch_no=revision,
        said=f"書きかけを自動で保存しました（{clock(now())}）",
        preview=render_template("staff/_live.html", **seen) if seen else "",
    )


@bp.get("/<code>")
@staff("drafter")
def show(code: str) -> ResponseReturnValue:
    """Go on where one stopped."""
    row = mine(code)
    form = ListingForm(formdata=MultiDict([(name, text) for name, texts in row.typed.items() for text in texts]))
    form.scratch.data, form.scratch_no.data = row.code, str(row.revision)
    return page(form, get(Listing, row.listing_id) if row.listing_id else None)


@bp.post("/<code>/discard")
@staff("drafter")
def discard(code: str) -> ResponseReturnValue:
    listing_id = mine(code).listing_id
    scratches.discard(code, me().id)
    flash("書きかけを捨てました。")
    if listing_id is None:
        return redirect(url_for("drafting.index"), 303)
    return redirect(url_for("drafting.edit", code=get(Listing, listing_id).code), 303)


def mine(code: str) -> Scratch:
    return or_404(scratches.find(code, me().id))


def previewed(form: ListingForm) -> dict[str, Any]:
    """What staff/_live.html needs; empty while the form does not even say what is sold how. Nothing of it is kept."""
    form.validate()
    if any(form[name].errors for name in CHOICES):
        return {}
    values = form.values()
    found = checking.checks(values, now(), others_yen=prepaid.unused_at_most(values["issuer"]))
    sale = {name: values[name] for name in SALE if name in values}
    right = Right(**{name: values[name] for name in WORDS if name in values})
    listing = Listing(**sale, right=right)
    for name, least in (("price_yen", 0), ("quantity", 1), ("per_person_limit", 1), ("pay_hours", 72)):
        setattr(listing, name, sale[name] or least)
    picture = f"/staff/listings/drawings/{right.kind}/{right.art_seed or 1}.webp"
    if right.picture_id is not None:
        picture = f"/pictures/{right.picture_id}/480.webp"
    return {"listing": listing, "picture": picture, "checks": found}
