"""変更公告 at the desk: propose a change of an announced sale, and approve or return somebody else's."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Role
from marketplace.accounts.session import me, roles_of, staff
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.listings import amending
from marketplace.listings.decisions import SaleAmendment
from marketplace.listings.models import Listing
from marketplace.staff.drafting import listing_of
from marketplace.staff.forms import AmendForm, SendBackForm, SubmitForm

bp = Blueprint("amendments", __name__, url_prefix="/staff/listings/<code>/amendments")


@bp.get("")
@staff()
def show(code: str) -> ResponseReturnValue:
    return page(listing_of(code))


@bp.post("")
@staff("drafter")
def propose(code: str) -> ResponseReturnValue:
    listing = listing_of(code)
    form = AmendForm(amending.amendable(listing))
    if not form.validate():
        return page(listing, amend=form), 422
    try:
        amending.propose(listing.id, me().id, form.values(), form.why.data)
    except Refused as refusal:
        form.refuse(refusal)
        return page(listing_of(code), amend=form), refusal.status
    flash("変更を承認に出しました。別の職員が承認すると、その場で公告され、関係する方にメールが届きます。")
    return redirect(url_for("amendments.show", code=code), 303)


@bp.post("/<int:amendment_id>/approve")
@staff("approver")
def approve(code: str, amendment_id: int) -> ResponseReturnValue:
    row, form = of_listing(code, amendment_id), SubmitForm()
    try:
        amending.approve(row.id, me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(listing_of(code), decide=form), refusal.status
    flash("承認しました。権利のページに「変更のお知らせ」が出ました。")
    return redirect(url_for("amendments.show", code=code), 303)


@bp.post("/<int:amendment_id>/send-back")
@staff("approver")
def send_back(code: str, amendment_id: int) -> ResponseReturnValue:
    row, form = of_listing(code, amendment_id), SendBackForm()
    try:
        amending.send_back(row.id, me().id, form.note.data or "")
    except Refused as refusal:
        form.refuse(refusal)
        return page(listing_of(code), back=form), refusal.status
    flash("差し戻しました。出品はいまのままです。")
    return redirect(url_for("amendments.show", code=code), 303)


@bp.post("/<int:amendment_id>/withdraw")
@staff("drafter", "approver")
def withdraw(code: str, amendment_id: int) -> ResponseReturnValue:
    amending.withdraw(of_listing(code, amendment_id).id, me().id)
    flash("取り下げました。出品はいまのままです。")
    return redirect(url_for("amendments.show", code=code), 303)


def of_listing(code: str, amendment_id: int) -> SaleAmendment:
    same = sa.select(SaleAmendment).where(
        SaleAmendment.id == amendment_id, SaleAmendment.listing_id == listing_of(code).id
    )
    return or_404(db.session.scalar(same))


def page(
    listing: Listing,
    amend: AmendForm | None = None,
    decide: SubmitForm | None = None,
    back: SendBackForm | None = None,
) -> str:
    allowed, account, row = amending.amendable(listing), me(), amending.waiting(listing.id)
    why_not = ""
    if row is not None and Role.APPROVER not in roles_of(account.id):
        why_not = "承認の権限を持つ職員が承認します。"
    elif row is not None and row.drafted_by == account.id:
        why_not = "ご自分が出した変更は承認できません。別の職員にお願いしてください。"
    now = {name: getattr(listing, name) for name in allowed}
    every = sa.select(SaleAmendment).where(SaleAmendment.listing_id == listing.id).order_by(SaleAmendment.id.desc())
    return render_template(
        "staff/amend.html",
        listing=listing,
        row=row,
        changes=amending.changed_by(row, public=False) if row else [],
        why_not=why_not,
        allowed=allowed,
        form=amend or AmendForm(allowed, formdata=None, data=now),
        faulty=decide or back or amend or SubmitForm(formdata=None),
        back=back or SendBackForm(formdata=None),
        past=[(each, amending.changed_by(each, public=False)) for each in db.session.scalars(every) if each != row],
        may_draft=Role.DRAFTER in roles_of(account.id),
        opened=listing.state in amending.AFTER,
    )
