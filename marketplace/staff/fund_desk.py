"""基金の決定: what the treasury writes down (plans, steps of the money, spendings), and another person approves."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Account, Role
from marketplace.accounts.names import called
from marketplace.accounts.session import me, roles_of, staff
from marketplace.fund import deciding, undoing
from marketplace.fund.models import Decision, DecisionKind
from marketplace.fund.statements import balances, beyond, summary
from marketplace.kit.clock import jst, now
from marketplace.kit.dates import fiscal_year, fiscal_year_name
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.staff.money import READERS
from marketplace.staff.money_forms import DecisionForm, UndoForm

bp = Blueprint("fund_desk", __name__, url_prefix="/staff/fund")


@bp.get("")
@staff(*READERS)
def index() -> ResponseReturnValue:
    return page(DecisionForm(formdata=None, data={"on": jst(now()).date()}))


@bp.post("")
@staff("treasury")
def ask() -> ResponseReturnValue:
    form = DecisionForm()
    if form.validate():
        try:
            deciding.ask(
                DecisionKind(form.kind.data),
                me().id,
                form.yen.data or 0,
                form.on.data,
                form.document.data or "",
                form.purpose.data or "",
                form.of_year,
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("承認に出しました。別の職員が文書と金額を確かめます。")
            return redirect(url_for("fund_desk.index"), 303)
    return page(form), 422


@bp.post("/<code>/approve")
@staff("treasury", "approver")
def approve(code: str) -> ResponseReturnValue:
    try:
        deciding.approve(decision_of(code).id, me().id)
    except Refused as refusal:
        form = DecisionForm(formdata=None, data={"on": jst(now()).date()})
        form.refuse(refusal)
        return page(form), refusal.status
    flash("承認しました。帳簿に記帳しました。")
    return redirect(url_for("fund_desk.index"), 303)


@bp.post("/undo")
@staff("treasury")
def undo() -> ResponseReturnValue:
    """A decision that was wrong: what one writes here waits for another, as the decision did."""
    form, status = UndoForm(), 422
    if form.validate():
        try:
            undoing.ask(decision_of(form.decision.data).id, me().id, form.paper.data or "")
        except Refused as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash("取り消しを、承認に出しました。別の職員が文書を確かめます。")
            return redirect(url_for("fund_desk.index"), 303)
    return page(DecisionForm(formdata=None, data={"on": jst(now()).date()}), form), status


@bp.post("/<code>/withdraw")
@staff("treasury", "approver")
def withdraw(code: str) -> ResponseReturnValue:
    deciding.withdraw(decision_of(code).id, me().id)
    flash("取り下げました。何も変わっていません。")
    return redirect(url_for("fund_desk.index"), 303)


def decision_of(code: str) -> Decision:
    return or_404(db.session.scalar(sa.select(Decision).where(Decision.code == code)))


def page(form: DecisionForm, undo: UndoForm | None = None) -> str:
    waiting, done = deciding.waiting(), deciding.approved()[:50]
    people = {each.asked_by for each in (*waiting, *done)} | {each.decided_by for each in done}
    named = db.session.scalars(sa.select(Account).where(Account.id.in_(people)))
    roles = roles_of(me().id)
    fund = summary()
    return render_template(
        "staff/fund.html",
        form=form,
        undo=undo or UndoForm(formdata=None),
        waiting=waiting,
        done=done,
        names=called(named),
        fund=fund,
        back=fund["refunded_yen"] + fund["disputed_yen"],
        beyond={each.id: beyond(each.kind, each.yen, fund) for each in waiting},
        book=balances(),
        account=me(),
        year_name=fiscal_year_name,
        year_of=fiscal_year,
        may_ask=Role.TREASURY in roles,
        may_decide=bool({Role.TREASURY, Role.APPROVER} & roles),
    )
