"""The documents behind the tokens as staff see them: where they are kept, and their correction by two persons."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Role
from marketplace.accounts.session import me, roles_of, staff
from marketplace.kit.db import db
from marketplace.kit.paging import leaf
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.listings.drafting import staff_name
from marketplace.metadata import amending, auditing, statements
from marketplace.metadata.models import Amendment, Pin
from marketplace.metadata.pictures import MOST_BYTES, keep
from marketplace.rights.models import Right
from marketplace.staff.forms import CorrectionForm, FreezeForm

bp = Blueprint("documents", __name__, url_prefix="/staff/metadata")
PAGE = 50


@bp.get("")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    found = leaf(statements.newest(), PAGE)
    trees, summary = statements.with_copies(found.rows), statements.summary()
    return render_template("staff/metadata.html", trees=trees, summary=summary, leaf=found)


@bp.post("/audit")
@staff("drafter", "approver")
def audit() -> ResponseReturnValue:
    auditing.ask_for_all(staff_name(me().id))
    flash("点検を始めました。1分ほどたってから、画面を読みこみ直してください。")
    return redirect(url_for("documents.index"), 303)


@bp.get("/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    return page(right_of(code))


@bp.post("/<code>/corrections")
@staff("drafter")
def propose(code: str) -> ResponseReturnValue:
    right, form = right_of(code), CorrectionForm()
    if form.validate():
        try:
            values = {name: form[name].data or "" for name in amending.WORDS}
            if form.picture.data:
                values["picture_id"] = keep(form.picture.data.stream.read(MOST_BYTES + 1), staff_name(me().id))
            amending.propose(right.id, me().id, values, form.why.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("訂正を承認に出しました。別の職員が内容を確かめます。")
            return redirect(url_for("documents.show", code=code), 303)
    return page(right_of(code), form=form), 422


@bp.post("/<code>/freeze")
@staff("drafter")
def propose_freeze(code: str) -> ResponseReturnValue:
    right, form = right_of(code), FreezeForm()
    if form.validate():
        try:
            amending.propose_freeze(right.id, me().id, form.why.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("訂正の停止を承認に出しました。別の職員が確かめます。")
            return redirect(url_for("documents.show", code=code), 303)
    return page(right_of(code), freeze=form), 422


@bp.post("/<code>/corrections/<int:amendment_id>/approve")
@staff("approver")
def approve(code: str, amendment_id: int) -> ResponseReturnValue:
    amending.approve(of_right(code, amendment_id).id, me().id)
    flash("承認しました。新しい控えができしだい、ウォレットなどに知らせます。")
    return redirect(url_for("documents.show", code=code), 303)


@bp.post("/<code>/corrections/<int:amendment_id>/withdraw")
@staff("drafter", "approver")
def withdraw(code: str, amendment_id: int) -> ResponseReturnValue:
    amending.withdraw(of_right(code, amendment_id).id, me().id)
    flash("取り下げました。何も変わっていません。")
    return redirect(url_for("documents.show", code=code), 303)


def right_of(code: str) -> Right:
    return or_404(db.session.scalar(sa.select(Right).where(Right.code == code, Right.metadata_uri.is_not(None))))


def of_right(code: str, amendment_id: int) -> Amendment:
    same = sa.select(Amendment).where(Amendment.id == amendment_id, Amendment.right_id == right_of(code).id)
    return or_404(db.session.scalar(same))


def page(right: Right, form: CorrectionForm | None = None, freeze: FreezeForm | None = None) -> str:
    shown = amending.shown_now(right)
    every = sa.select(Amendment).where(Amendment.right_id == right.id).order_by(Amendment.id.desc())
    return render_template(
        "staff/correct.html",
        right=right,
        shown=shown,
        form=form or CorrectionForm(formdata=None, data=shown),
        freeze=freeze or FreezeForm(formdata=None),
        amendments=list(db.session.scalars(every)),
        names=amending.NAMES_JA,
        trees=statements.kept(Pin.right_id == right.id),
        account=me(),
        may_approve=Role.APPROVER in roles_of(me().id),
        may_draft=Role.DRAFTER in roles_of(me().id),
    )
