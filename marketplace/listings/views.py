"""Until a sale opens: be reminded of it by letter or by one's own calendar."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import signed_in, visitor_id
from marketplace.kit import ics
from marketplace.kit.ics import Happening
from marketplace.kit.languages import _
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.kit.web import conditional, or_404
from marketplace.listings import reminding
from marketplace.listings.amending import published
from marketplace.listings.finding import announced
from marketplace.listings.models import Listing, ListingState
from marketplace.settings import settings

bp = Blueprint("openings", __name__)


@bp.app_template_filter("reminder")
def reminder(listing: Listing) -> str:
    """What the visitor may do: "ask", "stop" (they have asked), "sign in" and then ask, or nothing.

    A stranger gets no form: its seal is a cookie, and the page would lie in no cache while a whole town reads it.
    """
    if listing.state != ListingState.PUBLISHED:
        return ""
    account_id = visitor_id()
    if account_id is not None and reminding.asked(listing.id, account_id):
        return "stop"
    if not reminding.may_ask(listing):
        return ""
    return "ask" if account_id is not None else "sign in"


@bp.post("/listings/<code>/reminder")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def ask(code: str) -> ResponseReturnValue:
    try:
        reminding.ask(_announced(code).id, visitor_id() or abort(403))
        flash("始まる前に、メールでお知らせします。")
    except Refused as refusal:
        flash(str(refusal), "warn")
    return redirect(f"/listings/{code}", 303)


@bp.post("/listings/<code>/reminder/stop")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def stop(code: str) -> ResponseReturnValue:
    reminding.stop(_announced(code).id, visitor_id() or abort(403))
    flash("始まる前のお知らせを止めました。")
    return redirect(f"/listings/{code}", 303)


@bp.get("/listings/<code>/open.ics")
def calendar(code: str) -> ResponseReturnValue:
    """The opening as an event with a reminder an hour before, for any calendar (RFC 5545)."""
    listing = _announced(code)
    changes = [row.decided_at for row in published(listing.id)]
    ended = listing.closed_at
    called_off = listing.state == ListingState.CANCELLED and ended is not None and ended < listing.opens_at
    told = [listing.published_at, *changes, ended if called_off else None]
    opening = Happening(
        uid=f"{listing.code}-open@{settings().base_url.partition('://')[2]}",
        at=listing.opens_at,
        title=_("受付の開始 %(title)s", title=listing.right.title),
        stamp=max(at for at in told if at is not None),
        url=f"{settings().base_url}/listings/{listing.code}",
        version=len(changes) + called_off,
        cancelled=called_off,
        remind=timedelta(hours=1),
    )
    response = ics.calendar("Listings", [opening])
    response.headers["Content-Disposition"] = f'attachment; filename="{listing.code}-open.ics"'
    return conditional(response, max_age=60)


def _announced(code: str) -> Listing:
    return or_404(announced(code))
