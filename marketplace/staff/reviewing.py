"""決裁: a second person sees everything, and approves it or sends it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Role
from marketplace.accounts.names import names_of
from marketplace.accounts.session import me, roles_of, staff
from marketplace.journal.models import Entry
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from marketplace.listings import approving, checking, versions
from marketplace.listings.comparing import Change, changes
from marketplace.listings.facts import facts, fingerprint
from marketplace.listings.models import Listing, ListingState
from marketplace.staff.announcing import announced, will_be_announced
from marketplace.staff.drafting import listing_of
from marketplace.staff.forms import ApproveForm, SendBackForm

bp = Blueprint("reviewing", __name__, url_prefix="/staff")
bp.add_app_template_filter(announced)
bp.add_app_template_filter(will_be_announced)


@bp.get("/approvals")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    waiting = sa.select(Listing).where(Listing.state == ListingState.SUBMITTED).order_by(Listing.publish_at)
    return render_template("staff/approvals.html", listings=list(db.session.scalars(waiting)), account=me())


@bp.get("/listings/<code>/review")
@staff("drafter", "approver")
def review(code: str) -> ResponseReturnValue:
    listing = listing_of(code)
    form = ApproveForm(formdata=None, data={"seen": fingerprint(listing)})
    return page(listing, form, SendBackForm(formdata=None))


@bp.post("/listings/<code>/approve")
@staff("approver")
def approve(code: str) -> ResponseReturnValue:
    listing, form = listing_of(code), ApproveForm()
    if not form.validate():
        return page(listing, form, SendBackForm(formdata=None)), 422
    try:
        approving.approve(listing.id, me().id, form.why.data or "", seen=form.seen.data or "")
    except Refused as refusal:
        fresh = listing_of(code)
        form = ApproveForm(formdata=None, data={"seen": fingerprint(fresh), "why": form.why.data})
        form.refuse(refusal)
        return page(fresh, form, SendBackForm(formdata=None)), refusal.status
    flash(f"承認しました。{will_be_announced(listing_of(code))}")
    return redirect(url_for("drafting.preview", code=code), 303)


@bp.post("/listings/<code>/send-back")
@staff("approver")
def send_back(code: str) -> ResponseReturnValue:
    listing, form = listing_of(code), SendBackForm()
    if form.validate():
        try:
            approving.send_back(listing.id, me().id, form.note.data or "")
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("差し戻しました。理由は、起案した人の「きょうの仕事」に出ます。")
            return redirect(url_for("reviewing.index"), 303)
    fresh = listing_of(code)
    return page(fresh, ApproveForm(formdata=None, data={"seen": fingerprint(fresh)}), form), 422


@dataclass(frozen=True)
class Compared:
    """What changed since `since`; `others` are the other texts to compare with: [(query, words), …]."""

    since: str
    changes: list[Change]
    others: list[tuple[str, str]]


def compared(listing: Listing, reader_id: int) -> Compared | None:
    """With the version asked for (?with=2, ?with=source), else with what the reader saw last; None: all is new."""
    texts: dict[str, tuple[str, dict[str, Any]]] = {}
    if listing.cloned_from_id is not None:
        source = get(Listing, listing.cloned_from_id)
        texts["source"] = (f"もとにした出品 {source.code}", facts(source))
    for version in versions.every(listing.id)[:-1]:
        seen = "（あなたが前に確かめた版）" if version.decided_by == reader_id else ""
        texts[str(version.number)] = (f"第{version.number}版{seen}", version.facts)
    asked, usual = request.args.get("with", ""), versions.to_compare_with(listing.id, reader_id)
    chosen = asked if asked in texts else str(usual.number) if usual else next(iter(texts), None)
    if chosen is None:
        return None
    since, before = texts[chosen]
    others = [(key, words) for key, (words, _facts) in texts.items() if key != chosen]
    return Compared(since, changes(before, facts(listing)), others)


def page(listing: Listing, form: ApproveForm, back: SendBackForm) -> str:
    subjects = (listing.subject, listing.right.subject)
    history = list(db.session.scalars(sa.select(Entry).where(Entry.subject.in_(subjects)).order_by(Entry.id)))
    account = me()
    why_not = ""
    if listing.state != ListingState.SUBMITTED:
        why_not = f"この出品は「{listing.state.ja}」です。承認を待っているものだけ、承認できます。"
    elif Role.APPROVER not in roles_of(account.id):
        why_not = "承認の権限を持つ職員だけが、承認できます。"
    elif approving.wrote(listing, account.id):
        why_not = "あなたが書いた出品です。自分の書いた出品は承認できません。別の職員にお願いしてください。"
    return render_template(
        "staff/review.html",
        listing=listing,
        form=form,
        back=back,
        why_not=why_not,
        checks=checking.of(listing),
        compared=compared(listing, account.id),
        history=[entry for entry in history if entry.subject == listing.subject],
        names=names_of({entry.by for entry in history}),
    )
