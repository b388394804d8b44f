"""起案: write a listing down, see it as buyers will, hand it to another person."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, staff
from marketplace.kit.db import db, get
from marketplace.kit.paging import leaf
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.listings import checking, cloning, drafting, reminding, scratches
from marketplace.listings.checking import NotReady
from marketplace.listings.comparing import changes
from marketplace.listings.drafting import staff_name
from marketplace.listings.facts import as_facts, facts, fingerprint, values_of
from marketplace.listings.models import STATE_JA, Listing, ListingState
from marketplace.listings.rules import ChangedMeanwhile
from marketplace.metadata.pictures import MOST_BYTES, WIDTHS, copies, drawn, keep
from marketplace.rights.models import Kind
from marketplace.staff import announcing, auction_form, lottery_form
from marketplace.staff.forms import LARGEST_SEED, ListingForm, SubmitForm, shown
from marketplace.staff.presets import PRESETS

bp = Blueprint("drafting", __name__, url_prefix="/staff/listings")
PAGE = 50

USUAL: dict[str, Any] = {
    "kind": "resident",
    "mode": "fixed",
    "tax": "taxable_10",
    "transferable": True,
    "royalty_bps": 500,
    "quantity": 1,
    "per_person_limit": 1,
    "hold_minutes": 15,
    "pay_hours": 72,
    "art_seed": 1,
    **auction_form.shown(None),
    **lottery_form.USUAL,
}


def listing_of(code: str) -> Listing:
    return or_404(db.session.scalar(sa.select(Listing).where(Listing.code == code)))


@bp.get("")
@staff("drafter", "approver", "treasury")
def index() -> ResponseReturnValue:
    state = request.args.get("state", "")
    query = sa.select(Listing).order_by(Listing.created_at.desc(), Listing.id.desc())
    if state in STATE_JA:
        query = query.where(Listing.state == ListingState(state))
    found = db.session.execute(sa.select(Listing.state, sa.func.count()).group_by(Listing.state)).all()
    counts = {row[0]: row[1] for row in found}
    return render_template(
        "staff/listings.html",
        leaf=leaf(query, PAGE),
        state=state,
        states=STATE_JA,
        counts=counts,
        kept=scratches.of(me().id),
    )


@bp.get("/new")
@staff("drafter")
def new() -> ResponseReturnValue:
    template, kind = request.args.get("template", ""), request.args.get("kind", "")
    if template not in PRESETS and not kind:
        earlier = sa.select(Listing).where(Listing.state != ListingState.DRAFT).order_by(Listing.opens_at.desc())
        return render_template(
            "staff/choose.html", presets=PRESETS, earlier=list(db.session.scalars(earlier.limit(12)))
        )
    filled = PRESETS[template].filled() if template in PRESETS else {"kind": kind}
    return page(ListingForm(formdata=None, data=USUAL | filled))


@bp.get("/new/like/<code>")
@staff("drafter")
def clone(code: str) -> ResponseReturnValue:
    """The form filled in with an earlier sale, its days moved ahead; nothing is kept before it is saved."""
    source = listing_of(code)
    return page(ListingForm(formdata=None, data=USUAL | shown(cloning.like(source)) | {"copy_of": source.code}))


@bp.post("/new")
@staff("drafter")
def create() -> ResponseReturnValue:
    form = ListingForm()
    if form.only_draw.data:
        form.picture_id.data = ""
        return page(form)
    if fine(form):
        try:
            source, scratch = form.copy_of.data and listing_of(form.copy_of.data).id, form.scratch.data or ""
            listing_id = drafting.draft_once(me().id, form.values(), cloned_from_id=source or None, scratch=scratch)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return saved(get(Listing, listing_id))
    return page(form), 422


@bp.get("/<code>/edit")
@staff("drafter")
def edit(code: str) -> ResponseReturnValue:
    listing = listing_of(code)
    if listing.state != ListingState.DRAFT:
        flash(f"この出品は「{listing.state.ja}」です。下書きのようには直せません。", "warn")
        return redirect(url_for("drafting.preview", code=code), 303)
    return page(
        ListingForm(formdata=None, data=USUAL | shown(values_of(listing)) | {"seen": fingerprint(listing)}), listing
    )


@bp.post("/<code>/edit")
@staff("drafter")
def revise(code: str) -> ResponseReturnValue:
    listing, form = listing_of(code), ListingForm()
    if form.only_draw.data:
        form.picture_id.data = ""
        return page(form, listing_of(code))
    if fine(form):
        try:
            drafting.revise(listing.id, me().id, form.values(), seen=form.seen.data, scratch=form.scratch.data or "")
        except ChangedMeanwhile as refusal:
            form.refuse(refusal)
            return overtaken(form, listing_of(code)), refusal.status
        except Refused as refusal:
            form.refuse(refusal)
            return page(form, listing_of(code)), refusal.status
        else:
            return saved(listing_of(code))
    return page(form, listing_of(code)), 422


@bp.get("/drawings/<kind>/<int:seed>.webp")
@staff("drafter", "approver")
def drawing(kind: str, seed: int) -> ResponseReturnValue:
    """The picture that a right of this kind has by its number, to be looked at in the form."""
    if kind not in list(Kind) or not 0 < seed <= LARGEST_SEED:
        abort(404)
    response = Response(copies(drawn(Kind(kind), seed))[WIDTHS[0]], content_type="image/webp")
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@bp.get("/<code>/preview")
@staff("drafter", "approver", "treasury")
def preview(code: str) -> ResponseReturnValue:
    return seen(listing_of(code), SubmitForm(formdata=None))


@bp.post("/<code>/submit")
@staff("drafter")
def submit(code: str) -> ResponseReturnValue:
    form = SubmitForm()
    try:
        drafting.submit(listing_of(code).id, me().id)
    except NotReady as refusal:
        form.refuse(refusal)
        return seen(listing_of(code), form), refusal.status
    flash("承認に出しました。別の職員が内容を確かめます。")
    return redirect(url_for("drafting.preview", code=code), 303)


def fine(form: ListingForm) -> bool:
    """Is everything in order? A picture that was sent is kept first: a fault in another field must not lose it."""
    refusal = None
    if form.picture.data:
        try:
            form.picture_id.data = str(keep(form.picture.data.stream.read(MOST_BYTES + 1), staff_name(me().id)))
        except Refused as refused:
            refusal = refused
    good = form.check()
    if refusal is not None:
        form.refuse(refusal)
    return good and refusal is None


def saved(listing: Listing) -> ResponseReturnValue:
    flash("下書きを保存しました。買う人の画面で確かめてから、承認に出してください。")
    return redirect(url_for("drafting.preview", code=listing.code), 303)


def overtaken(form: ListingForm, listing: Listing) -> str:
    """Somebody saved first: what they wrote, what is typed here, and the next save knows of it."""
    form.seen.raw_data, form.seen.data = None, fingerprint(listing)
    between = changes(facts(listing), as_facts(form.values()))
    return render_template("staff/edit.html", form=form, listing=listing, overtaken=between)


def seen(listing: Listing, form: SubmitForm) -> str:
    drafted = listing.state in (ListingState.DRAFT, ListingState.SUBMITTED, ListingState.APPROVED)
    found = checking.of(listing) if drafted else []
    return render_template(
        "staff/preview.html",
        listing=listing,
        form=form,
        checks=found,
        schedule=schedule(listing),
        awaiting=reminding.waiting(listing.id),
    )


def schedule(listing: Listing) -> list[dict[str, Any]]:
    """What the clock does with the sale, as macros/ui.html's timeline() shows it."""
    steps = [ListingState.PUBLISHED, ListingState.OPEN, ListingState.CLOSED, ListingState.COMPLETED]
    state = ListingState.OPEN if listing.state == ListingState.SUSPENDED else listing.state
    reached = steps.index(state) if state in steps else -1
    waits = announcing.waits_for(listing)
    days = (announcing.announced_at(listing), listing.opens_at, listing.closes_at)
    moments = zip(("公開（公告）", "受付の開始", "受付の終了"), days, strict=True)
    items: list[dict[str, Any]] = [
        {"word": word, "at": at, "state": "done" if number <= reached else "next"}
        for number, (word, at) in enumerate(moments)
        if at is not None
    ]
    if waits is not None:
        items[0] |= {"at": None, "more": waits}
    if listing.draw_at is not None:
        done = listing.state == ListingState.COMPLETED
        items.append({"word": "抽選", "at": listing.draw_at, "state": "done" if done else "next"})
    return items


def page(form: ListingForm, listing: Listing | None = None, *, anyway: bool = False) -> str:
    """The form. `anyway`: what is kept of it was overtaken by another window, and may be overwritten."""
    live: dict[str, Any] = {}
    if listing is not None and listing.state == ListingState.DRAFT:
        found = checking.of(listing)
        form.weigh(found)
        live = {"listing": listing, "picture": None, "checks": found}
    kept = scratches.of(me().id, listing.id)[:1] if listing is not None and not form.scratch.data else []
    return render_template("staff/edit.html", form=form, listing=listing, kept=kept, anyway=anyway, live=live)
