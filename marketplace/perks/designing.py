"""特典の設計: the plans of a right while its listing is a draft. They are approved and frozen with its words."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, staff
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.listings import drafting
from marketplace.listings.models import Listing, ListingState
from marketplace.perks.forms import ClickForm, PlanForm, shown
from marketplace.perks.partnering import open_partners
from marketplace.rights.plan_rules import legal_hint, plan_faults
from marketplace.rights.plans import Plan, read_all, words

bp = Blueprint("perk_designer", __name__, url_prefix="/staff/listings/<code>/perks")


@bp.app_template_filter("plans_in_words")
def plans_in_words(kept: object) -> list[tuple[Plan, list[str], str]]:
    """[(plan, what a buyer reads of it, what the law says to the office)]"""
    plans = read_all(kept if isinstance(kept, list) else [])
    return [(plan, words(plan), legal_hint(plan)) for plan in plans]


@bp.get("")
@staff("drafter")
def show(code: str) -> ResponseReturnValue:
    return render_template("perks/plans.html", listing=_draft(code), form=ClickForm())


@bp.route("/<plan_id>", methods=["GET", "POST"])
@staff("drafter")
def edit(code: str, plan_id: str) -> ResponseReturnValue:
    """`plan_id` of a plan, or 'new'."""
    listing = _draft(code)
    plans = read_all(listing.right.perk_plans)
    old = next((plan for plan in plans if plan.id == plan_id), None)
    if old is None and plan_id != "new":
        abort(404)
    names = {partner.code: partner.name for partner in open_partners()}
    names |= {place.code: place.name for place in old.places} if old else {}
    form = PlanForm(data=shown(old) if old else None)
    form.places.choices = list(names.items())
    if not form.is_submitted():
        return _page(listing, form, plan_id)
    fine, plan = form.validate(), form.plan(old.id if old else _next_id(plans), names)
    for fault in plan_faults(plan) if plan else ():
        if not form.has_error(fault.field):
            form.refuse(fault)
            fine = False
    if fine and plan:
        new = [plan if each.id == plan.id else each for each in plans] if old else [*plans, plan]
        try:
            drafting.plan_perks(listing.id, me().id, new)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(f"特典「{plan.name}」を保存しました。")
            return redirect(url_for("perk_designer.show", code=code), 303)
    return _page(_draft(code), form, plan_id), 422


@bp.post("/<plan_id>/remove")
@staff("drafter")
def remove(code: str, plan_id: str) -> ResponseReturnValue:
    listing = _draft(code)
    if not ClickForm().validate():
        abort(400)
    plans = [plan for plan in read_all(listing.right.perk_plans) if plan.id != plan_id]
    drafting.plan_perks(listing.id, me().id, plans)
    flash("特典を消しました。")
    return redirect(url_for("perk_designer.show", code=code), 303)


def _next_id(plans: list[Plan]) -> str:
    """'p1', 'p2', …: one that no plan of this right has."""
    return f"p{max((int(plan.id.removeprefix('p')) for plan in plans), default=0) + 1}"


def _draft(code: str) -> Listing:
    listing = db.session.scalar(sa.select(Listing).where(Listing.code == code))
    if listing is None or listing.state != ListingState.DRAFT:
        abort(404)
    return listing


def _page(listing: Listing, form: PlanForm, plan_id: str) -> str:
    return render_template("perks/plan.html", listing=listing, form=form, plan_id=plan_id)
