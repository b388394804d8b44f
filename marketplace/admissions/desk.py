"""The staff's pages of 参加申込 and of the list of exclusions."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.looking import look_at
from marketplace.accounts.session import me, staff
from marketplace.admissions import deciding, enclosing, excluding
from marketplace.admissions.forms import ApproveForm, ExclusionForm, LiftForm, RefuseForm
from marketplace.admissions.models import Exclusion, Participation
from marketplace.kit.db import db
from marketplace.kit.paging import leaf
from marketplace.kit.refusals import Refused
from marketplace.listings.drafting import staff_name

bp = Blueprint("admissions_desk", __name__, url_prefix="/staff")
PAGE = 50


@bp.get("/admissions")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    decided = sa.select(Participation).where(~deciding.WAITS)
    waiting = in_line()
    others = leaf(decided.order_by(Participation.id.desc()), PAGE)
    look_at(*(row.subject for row in (*waiting, *others.rows)))
    return render_template("admissions/index.html", waiting=waiting, leaf=others)


@bp.get("/admissions/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    return page(find(code), RefuseForm())


@bp.post("/admissions/<code>/approve")
@staff("drafter", "approver")
def approve(code: str) -> ResponseReturnValue:
    row_id = find(code).id
    if not ApproveForm().validate():
        abort(400)
    try:
        deciding.approve(row_id, me().id)
    except Refused as refusal:
        form = RefuseForm(formdata=None)
        form.refuse(refusal)
        return page(find(code), form), refusal.status
    flash("承認しました。ご本人にメールでお知らせします。")
    return redirect(url_for("admissions_desk.show", code=code), 303)


@bp.post("/admissions/<code>/refuse")
@staff("drafter", "approver")
def refuse(code: str) -> ResponseReturnValue:
    row_id, form = find(code).id, RefuseForm()
    if not form.validate():
        return page(find(code), form), 422
    try:
        deciding.refuse(row_id, me().id, form.reason.data or "")
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), form), refusal.status
    flash("お断りしました。理由をメールでお知らせします。")
    return redirect(url_for("admissions_desk.show", code=code), 303)


@bp.get("/admissions/<code>/enclosures/<int:enclosure_id>")
@staff("drafter", "approver")
def enclosure(code: str, enclosure_id: int) -> ResponseReturnValue:
    """The document as a download: no browser shows what a stranger sent under our address. Reading is written down."""
    row = find(code)
    if enclosure_id not in [each.id for each in enclosing.enclosures_of(row.id)]:
        abort(404)
    data, media_type = enclosing.read(enclosure_id, code, staff_name(me().id))
    ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[media_type]
    response = Response(data, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{code}-{enclosure_id}.{ending}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/admissions/<code>/exclude")
@staff("approver")
def exclude_defaulter(code: str) -> ResponseReturnValue:
    """Who won and did not pay goes on the list for as long as the law allows at most."""
    row_id = find(code).id
    if not ApproveForm().validate():
        abort(400)
    try:
        excluding.exclude_defaulter(row_id, me().id)
    except Refused as refusal:
        form = RefuseForm(formdata=None)
        form.refuse(refusal)
        return page(find(code), form), refusal.status
    flash("除外名簿に入れました。")
    return redirect(url_for("admissions_desk.exclusions"), 303)


@bp.get("/exclusions")
@staff("drafter", "approver")
def exclusions() -> ResponseReturnValue:
    return listed(ExclusionForm(formdata=None))


@bp.post("/exclusions")
@staff("approver")
def exclude() -> ResponseReturnValue:
    form = ExclusionForm()
    if not form.validate():
        return listed(form), 422
    named = {name: form[name].data or "" for name in ("email", "corporate_no", "name")}
    try:
        excluding.exclude(me().id, form.ground.data, form.why.data or "", until=form.until.data, **named)
    except Refused as refusal:
        form.refuse(refusal)
        return listed(form), refusal.status
    flash("除外名簿に入れました。")
    return redirect(url_for("admissions_desk.exclusions"), 303)


@bp.post("/exclusions/<code>/lift")
@staff("approver")
def lift(code: str) -> ResponseReturnValue:
    row = db.session.scalar(sa.select(Exclusion.id).where(Exclusion.code == code))
    if row is None:
        abort(404)
    if not LiftForm().validate():
        abort(400)
    excluding.lift(row, me().id)
    flash("除外を解除しました。")
    return redirect(url_for("admissions_desk.exclusions"), 303)


def listed(form: ExclusionForm) -> str:
    every = sa.select(Exclusion).order_by(Exclusion.lifted_at.is_not(None), Exclusion.id.desc())
    rows = list(db.session.scalars(every))
    look_at(*(row.subject for row in rows))
    return render_template("admissions/exclusions.html", rows=rows, form=form, lift=LiftForm(formdata=None))


def in_line() -> list[Participation]:
    """What waits for the office, the oldest first."""
    applied = sa.select(Participation).where(deciding.WAITS)
    return list(db.session.scalars(applied.order_by(Participation.applied_at, Participation.id)))


def page(row: Participation, form: RefuseForm) -> str:
    look_at(row.subject)
    return render_template(
        "admissions/review.html",
        row=row,
        missing=deciding.missing(row),
        enclosures=enclosing.enclosures_of(row.id),
        namesakes=excluding.namesakes(row),
        listed=excluding.in_force(row.account_id, row.corporate_no),
        form=form,
        approve=ApproveForm(formdata=None),
        waiting=in_line(),
    )


def find(code: str) -> Participation:
    row = db.session.scalar(sa.select(Participation).where(Participation.code == code))
    if row is None:
        abort(404)
    return row
