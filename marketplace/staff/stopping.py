"""Stop a sale for a while (一時停止) or for good (中止), and watch the money go back."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Role
from marketplace.accounts.session import me, roles_of, staff
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.listings import suspending
from marketplace.listings.decisions import Cancellation
from marketplace.listings.models import BY_BIDS, Listing, ListingState
from marketplace.orders import cancelling
from marketplace.staff.drafting import listing_of
from marketplace.staff.forms import StopForm, SubmitForm

bp = Blueprint("stopping", __name__, url_prefix="/staff/listings/<code>/stop")


@bp.get("")
@staff()
def show(code: str) -> ResponseReturnValue:
    """Auctions are stopped at their own desk: they have a clock and bids."""
    listing = listing_of(code)
    if listing.mode in BY_BIDS:
        return redirect(url_for("auctions_desk.show", code=code), 303)
    return page(listing)


@bp.post("/suspend")
@staff("drafter", "approver")
def suspend(code: str) -> ResponseReturnValue:
    form = StopForm()
    why = form.why.data or ""
    return done(code, form, "suspend", lambda: suspending.suspend(listing_of(code).id, me().id, why))


@bp.post("/resume")
@staff("drafter", "approver")
def resume(code: str) -> ResponseReturnValue:
    return done(code, SubmitForm(), "resume", lambda: suspending.resume(listing_of(code).id, me().id))


@bp.post("/request")
@staff("drafter", "approver")
def request_end(code: str) -> ResponseReturnValue:
    form = StopForm()
    why = form.why.data or ""
    return done(code, form, "request", lambda: cancelling.request(listing_of(code).id, me().id, why))


@bp.post("/<int:cancellation_id>/approve")
@staff("approver")
def approve(code: str, cancellation_id: int) -> ResponseReturnValue:
    row = of_listing(code, cancellation_id)
    return done(code, SubmitForm(), "approve", lambda: cancelling.approve(row.id, me().id))


@bp.post("/<int:cancellation_id>/withdraw")
@staff("drafter", "approver")
def withdraw(code: str, cancellation_id: int) -> ResponseReturnValue:
    row = of_listing(code, cancellation_id)
    return done(code, SubmitForm(), "withdraw", lambda: cancelling.withdraw(row.id, me().id))


SAID = {
    "suspend": "受付を止めました。理由は権利のページに出ています。",
    "resume": "受付を再開しました。",
    "request": "中止を申し出ました。中止すると何が起きるかを、下で確かめてください。",
    "approve": "中止しました。返金は自動で進みます。",
    "withdraw": "取り下げました。販売はそのまま続いています。",
}


def done(code: str, form: StopForm | SubmitForm, what: str, act: Callable[[], object]) -> ResponseReturnValue:
    """Do it and look again; or the page with what is wrong beside its field."""
    if not form.validate():
        return page(listing_of(code), **{what: form}), 422
    try:
        act()
    except Refused as refusal:
        form.refuse(refusal)
        return page(listing_of(code), **{what: form}), refusal.status
    flash(SAID[what])
    return redirect(url_for("stopping.show", code=code), 303)


def of_listing(code: str, cancellation_id: int) -> Cancellation:
    same = sa.select(Cancellation).where(
        Cancellation.id == cancellation_id, Cancellation.listing_id == listing_of(code).id
    )
    return or_404(db.session.scalar(same))


def page(listing: Listing, **faulty: StopForm | SubmitForm) -> str:
    account, row = me(), cancelling.waiting(listing.id)
    moved = cancelling.money_moved(listing.id)
    why_not = ""
    if row is not None and Role.APPROVER not in roles_of(account.id):
        why_not = "承認の権限を持つ職員が承認します。"
    elif row is not None and moved and row.requested_by == account.id:
        why_not = "お金が動いているため、2人で決めます。あなたが申し出たので、別の職員に承認をお願いしてください。"
    return render_template(
        "staff/stop.html",
        listing=listing,
        row=row,
        moved=moved,
        why_not=why_not,
        progress=cancelling.progress(listing.id),
        suspend=faulty.get("suspend") or StopForm(formdata=None),
        request_form=faulty.get("request") or StopForm(formdata=None),
        form=next(iter(faulty.values()), SubmitForm(formdata=None)),
        may_cancel=Listing.MOVES.allows(listing.state, "cancel"),
        running=listing.state in (ListingState.OPEN, ListingState.SUSPENDED),
    )
