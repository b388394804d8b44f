"""Orders as staff see them, and the money that goes back."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.looking import look_at
from marketplace.accounts.models import Role
from marketplace.accounts.session import roles_of, staff
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing
from marketplace.orders.models import STATE_JA, Order, OrderState
from marketplace.orders.settling import refund
from marketplace.staff.desk import me
from marketplace.staff.forms import RefundForm

bp = Blueprint("cashier", __name__, url_prefix="/staff/orders")

PAGE = 50
REFUNDABLE = (OrderState.PAID, OrderState.NEEDS_REVIEW)
MAY_REFUND = {Role.TREASURY, Role.APPROVER}


@bp.get("")
@staff("treasury", "approver", "counter")
def index() -> ResponseReturnValue:
    state, code, before = (request.args.get(name, "") for name in ("state", "listing", "before"))
    query = sa.select(Order).order_by(Order.id.desc()).limit(PAGE + 1)
    if state in STATE_JA:
        query = query.where(Order.state == OrderState(state))
    if code:
        query = query.join(Listing, Order.listing_id == Listing.id).where(Listing.code == code)
    if before.isdecimal():
        query = query.where(Order.id < int(before))
    orders = list(db.session.scalars(query))
    found = db.session.execute(sa.select(Order.state, sa.func.count()).group_by(Order.state)).all()
    counts = {row[0]: row[1] for row in found}
    return render_template(
        "staff/orders.html",
        orders=orders[:PAGE],
        older=orders[PAGE - 1].id if len(orders) > PAGE else None,
        state=state,
        code=code,
        states=STATE_JA,
        counts=counts,
    )


@bp.get("/<code>")
@staff("treasury", "approver", "counter")
def show(code: str) -> ResponseReturnValue:
    return page(order_of(code), RefundForm(formdata=None))


@bp.post("/<code>/refund")
@staff("treasury", "approver")
def give_back(code: str) -> ResponseReturnValue:
    order, form = order_of(code), RefundForm()
    if form.validate():
        try:
            refund(order.id, by=staff_name(me().id), why=form.why.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("返金の手続きを始めました。終わると、買った方にメールが届きます。")
            return redirect(url_for("cashier.show", code=code), 303)
    return page(order_of(code), form), 422


def order_of(code: str) -> Order:
    order = db.session.scalar(sa.select(Order).where(Order.code == code))
    return order if order is not None else abort(404)


def page(order: Order, form: RefundForm) -> str:
    look_at(order.subject)
    may = bool(roles_of(me().id) & MAY_REFUND) and order.state in REFUNDABLE and order.paid_by_payment_id is not None
    return render_template("staff/order.html", order=order, form=form, may_refund=may)
