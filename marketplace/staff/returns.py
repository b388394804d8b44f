"""The money of many issued rights of a sale goes back: what that means, who asked, who decides, how far it is."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, staff
from marketplace.kit.refusals import Refused
from marketplace.listings.models import Listing
from marketplace.orders import returning_many
from marketplace.orders.cancelling import progress
from marketplace.staff.drafting import listing_of
from marketplace.staff.forms import RefundForm

bp = Blueprint("returns", __name__, url_prefix="/staff/listings/<code>/returns")

SAID = {
    "approve": "返金を承認しました。1件ずつ自動で進みます。",
    "withdraw": "申し出を取り下げます。1件ずつ自動で進みます。",
}


@bp.get("")
@staff("treasury", "approver")
def show(code: str) -> ResponseReturnValue:
    return page(listing_of(code), RefundForm(formdata=None))


@bp.post("")
@staff("treasury", "approver")
def ask(code: str) -> ResponseReturnValue:
    listing, form = listing_of(code), RefundForm()
    if form.validate():
        try:
            returning_many.ask(listing.id, me().id, form.why.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("返金を申し出ました。1件ずつ自動で書きとめます。別の職員の承認を待ちます。")
            return redirect(url_for("returns.show", code=code), 303)
    return page(listing_of(code), form), 422


@bp.post("/<int:first>/<int:last>/<any(approve, withdraw):decision>")
@staff("treasury", "approver")
def decide(code: str, first: int, last: int, decision: str) -> ResponseReturnValue:
    form = RefundForm(formdata=None)
    try:
        returning_many.decide(listing_of(code).id, first, last, decision, me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(listing_of(code), form), refusal.status
    flash(SAID[decision])
    return redirect(url_for("returns.show", code=code), 303)


def page(listing: Listing, form: RefundForm) -> str:
    return render_template(
        "staff/returns.html",
        listing=listing,
        form=form,
        preview=returning_many.preview(listing.id),
        groups=returning_many.groups(listing.id),
        progress=progress(listing.id),
        account=me(),
    )
