"""参加申込, as the applicant sees it: the form, then how far it is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, signed_in, visitor_id
from marketplace.admissions import applying, deciding, deposits, desk, enclosing, verifying
from marketplace.admissions.applying import participation_of
from marketplace.admissions.forms import ApplicationForm, DropForm
from marketplace.admissions.models import Participation, ParticipationState
from marketplace.admissions.pledge import CURRENT, pledge, translation
from marketplace.kit.languages import language
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Invalid, Refused
from marketplace.listings.auction_rules import rules_of
from marketplace.listings.finding import announced
from marketplace.listings.models import Listing

bp = Blueprint("admissions", __name__)
FILLED = ("party", "name", "address", "phone", "company", "representative", "corporate_no")


@bp.get("/listings/<code>/taking-part")
@signed_in
def show(code: str) -> ResponseReturnValue:
    listing, account = public_listing(code), me()
    row = participation_of(listing.id, account.id)
    again = row is not None and row.state == ParticipationState.REFUSED and is_open(listing)
    if row is not None and not again:
        return render_template(
            "admissions/standing.html",
            listing=listing,
            row=row,
            missing=deciding.missing(row),
            part=rules_of(listing).taking_part,
            deposits=deposits.deposits_of([row.subject]),
            card=deposits.card_of(row),
            renew=deposits.ends_soon(row) and deposits.to_do(row),
        )
    known: dict[str, Any] = {name: getattr(row, name) for name in FILLED} if row else {"name": account.name}
    known["party"] = str(row.party) if row else "individual"
    return page(listing, ApplicationForm(formdata=None, data=known), row)


@bp.post("/listings/<code>/taking-part")
@limiter.limit("10/minute", key_func=each_account)
@signed_in
def apply(code: str) -> ResponseReturnValue:
    listing, form = public_listing(code), ApplicationForm()
    listing_id, me_id = listing.id, me().id
    row = participation_of(listing_id, me_id)
    if row is not None and row.state != ParticipationState.REFUSED:
        return redirect(url_for("admissions.show", code=code), 303)  # the second click
    try:
        part = applying.check_open(listing)
        refused = kept(form, listing_id, me_id)
        if form.only_send.data and refused is None:
            return page(public_listing(code), form, row)
        values = {**form.data, "adult": form.adult.data, "pledged": form.pledged.data}
        faults = applying.faults(values, part, len(enclosing.pending(listing_id, me_id)))
        if form.validate() and not faults and refused is None:
            applying.apply(listing_id, me_id, values)
            return redirect(url_for("admissions.show", code=code), 303)
    except Refused as refusal:
        form.refuse(refusal)
        return page(public_listing(code), form, row), refusal.status
    said = set(form.errors)
    for fault in [refused] if refused is not None and form.only_send.data else [*faults, refused]:
        if fault is not None and fault.field not in said:
            form.refuse(fault)
    return page(public_listing(code), form, row), 422


@bp.post("/listings/<code>/taking-part/enclosures/<int:enclosure_id>/drop")
@signed_in
def drop(code: str, enclosure_id: int) -> ResponseReturnValue:
    public_listing(code)
    if not DropForm().validate():
        abort(400)
    enclosing.drop(enclosure_id, me().id)
    flash("書類を取り除きました。")
    return redirect(url_for("admissions.show", code=code) + "#enclosures", 303)


def kept(form: ApplicationForm, listing_id: int, account_id: int) -> Invalid | None:
    """Keep the documents that were sent, whatever else is wrong; the refusal of the first that can't be. Of a form with
    more of them than there may be no more are looked at: each small picture may be seconds of work."""
    sent = [each for each in form.enclosures.data or [] if each and each.filename]
    for each in sent[: enclosing.MOST_ENCLOSURES]:
        try:
            enclosing.keep(listing_id, account_id, each.stream.read(enclosing.MOST_BYTES + 1))
        except Invalid as refusal:
            return refusal
    return enclosing.TooManyEnclosures() if len(sent) > enclosing.MOST_ENCLOSURES else None


def page(listing: Listing, form: ApplicationForm, row: Participation | None) -> str:
    form.pledge_version.data = CURRENT
    part = rules_of(listing).taking_part
    return render_template(
        "admissions/apply.html",
        listing=listing,
        part=part,
        until=part and (part.until or listing.closes_at),
        form=form,
        row=row,
        drop=DropForm(formdata=None),
        pending=enclosing.pending(listing.id, visitor_id() or 0),
        pledge=pledge(),
        translation=translation(CURRENT, language()),
        open=is_open(listing),
    )


def is_open(listing: Listing) -> bool:
    try:
        applying.check_open(listing)
    except Refused:
        return False
    return True


def public_listing(code: str) -> Listing:
    listing = announced(code)
    if listing is None or rules_of(listing).taking_part is None:
        abort(404)
    return listing


BLUEPRINTS = (bp, desk.bp, verifying.bp)
