"""照合: what does not agree, each payout with what is in it, and the bank's line that the treasury found."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Account, Role
from marketplace.accounts.names import names_of
from marketplace.accounts.session import me, roles_of, staff
from marketplace.fund import differences
from marketplace.fund.statements import balances
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.orders.models import Order
from marketplace.payments import balance
from marketplace.payments.reconciling import ask_to_reconcile
from marketplace.payments.stripe_models import BalanceLine, Payout, StripeEvent
from marketplace.staff.money_forms import BankForm, ExplainForm

bp = Blueprint("money", __name__, url_prefix="/staff/money")
READERS = ("treasury", "approver", "auditor")
PAGE = 50


@bp.get("")
@staff(*READERS)
def index() -> ResponseReturnValue:
    found = differences.all_differences()
    lost = sa.select(sa.func.count()).select_from(StripeEvent).where(StripeEvent.via == "reconciler")
    stripe = sa.select(sa.func.sum(BalanceLine.gross_yen - BalanceLine.fee_yen))
    return render_template(
        "staff/money.html",
        left=[each for each in found if each.explained is None],
        explained=[each for each in found if each.explained is not None][:PAGE],
        lost=db.session.scalar(lost) or 0,
        stripe=db.session.scalar(stripe) or 0,
        book=balances(),
        may_explain=Role.TREASURY in roles_of(me().id),
        may_ask=bool({Role.TREASURY, Role.APPROVER} & roles_of(me().id)),
    )


@bp.post("/reconcile")
@staff("treasury", "approver")
def reconcile() -> ResponseReturnValue:
    ask_to_reconcile(me().code)
    flash("決済会社に聞きなおしています。1分ほどたってから、画面を読みこみ直してください。")
    return redirect(url_for("money.index"), 303)


@bp.get("/explain")
@staff("treasury")
def explanation() -> ResponseReturnValue:
    each = difference_of(request.args.get("key", ""))
    form = ExplainForm(formdata=None, data={"words": each.explained.words if each.explained else ""})
    return render_template("staff/money_explain.html", each=each, form=form)


@bp.post("/explain")
@staff("treasury")
def explain() -> ResponseReturnValue:
    form, each = ExplainForm(), difference_of(request.args.get("key", ""))
    if not form.validate():
        return render_template("staff/money_explain.html", each=each, form=form), 422
    differences.explain(each.key, me().id, form.words.data)
    flash("説明を書きました。")
    return redirect(url_for("money.index"), 303)


def difference_of(key: str) -> differences.Difference:
    return next((each for each in differences.all_differences() if each.key == key), None) or abort(404)


@bp.get("/payouts")
@staff(*READERS)
def payouts() -> ResponseReturnValue:
    before = request.args.get("before", "")
    query = sa.select(Payout).order_by(Payout.created_at.desc(), Payout.id.desc()).limit(PAGE + 1)
    if before and (last := db.session.get(Payout, before)) is not None:
        query = query.where(sa.tuple_(Payout.created_at, Payout.id) < sa.tuple_(last.created_at, last.id))
    found = list(db.session.scalars(query))
    inside = BalanceLine.payout_id.in_([payout.id for payout in found])
    counted = sa.select(BalanceLine.payout_id, sa.func.count()).where(inside, BalanceLine.kind != balance.OWN)
    counts = dict(db.session.execute(counted.group_by(BalanceLine.payout_id)).all())
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template("staff/payouts.html", payouts=found[:PAGE], counts=counts, older=older)


@bp.get("/payouts/<id_>")
@staff(*READERS)
def payout(id_: str) -> ResponseReturnValue:
    found = payout_of(id_)
    shown = {"yen": found.yen if found.bank_yen is None else found.bank_yen, "on": found.bank_on or found.arrives_on}
    return payout_page(found, BankForm(formdata=None, data=shown | {"remark": found.bank_note}))


@bp.post("/payouts/<id_>")
@staff("treasury")
def confirm(id_: str) -> ResponseReturnValue:
    found, form = payout_of(id_), BankForm()
    if form.validate():
        try:
            balance.confirm(found.id, me().id, form.yen.data or 0, form.on.data, form.remark.data or "")
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("通帳の入金を記録しました。")
            return redirect(url_for("money.payout", id_=id_), 303)
    return payout_page(payout_of(id_), form), 422


def payout_of(id_: str) -> Payout:
    return or_404(db.session.get(Payout, id_))


def payout_page(found: Payout, form: BankForm) -> str:
    inside = sa.select(BalanceLine).where(BalanceLine.payout_id == found.id, BalanceLine.kind != balance.OWN)
    query = inside.options(joinedload(BalanceLine.payment)).order_by(BalanceLine.at, BalanceLine.id)
    lines = list(db.session.scalars(query))
    codes = {line.payment.subject.removeprefix("order:") for line in lines if line.payment is not None}
    orders = db.session.scalars(sa.select(Order).where(Order.code.in_(codes)).options(joinedload(Order.listing)))
    checker = f"staff:{code}" if (code := _code(found.confirmed_by)) else ""
    return render_template(
        "staff/payout.html",
        payout=found,
        lines=lines,
        orders={order.subject: order for order in orders},
        inside=sum(line.net_yen for line in lines),
        troubles=[each for each in differences.open_differences() if each.of == found.id],
        form=form,
        may_confirm=Role.TREASURY in roles_of(me().id) and not found.failed,
        checker=names_of({checker}).get(checker, checker),
    )


def _code(account_id: int | None) -> str | None:
    return db.session.scalar(sa.select(Account.code).where(Account.id == account_id)) if account_id else None
