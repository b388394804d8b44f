"""Receipts for buyers, from their own order, and for those who ask at the counter, printed by staff."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.looking import look_at
from marketplace.accounts.models import Role
from marketplace.accounts.session import me, roles_of, signed_in, staff
from marketplace.kit.db import db
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.orders.models import Order
from marketplace.orders.views import mine
from marketplace.payments.refund_models import Refund
from marketplace.receipts.forms import ReceiptForm
from marketplace.receipts.issuing import find, of_price, of_refund, print_out, refunds
from marketplace.receipts.models import Print, Receipt
from marketplace.receipts.rules import SMALL_RETURN, Honorific
from marketplace.receipts.sheet import sheet

bp = Blueprint("receipts", __name__)

MAY_PRINT = {Role.TREASURY, Role.COUNTER}


@dataclass(frozen=True)
class Document:
    """One part of the page: a receipt or a return invoice, what was printed of it, and the form for the next copy."""

    refund: Refund | None
    receipt: Receipt | None
    form: ReceiptForm
    closed: str
    """Why there is no further copy; "" where there is."""

    @property
    def path(self) -> str:
        return f"receipt/{self.refund.id}" if self.refund else "receipt"


@bp.get("/orders/<code>/receipt")
@signed_in
def show(code: str) -> ResponseReturnValue:
    return page(mine(code), at_desk=False)


@bp.post("/orders/<code>/receipt")
@bp.post("/orders/<code>/receipt/<int:refund_id>")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def take(code: str, refund_id: int | None = None) -> ResponseReturnValue:
    return printed(mine(code), refund_id, at_desk=False)


@bp.get("/orders/<code>/receipts/<number>/<int:copy>.pdf")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def download(code: str, number: str, copy: int) -> ResponseReturnValue:
    return pdf(mine(code), number, copy)


@bp.get("/staff/orders/<code>/receipt")
@staff("treasury", "counter", "approver", "auditor")
def show_at_desk(code: str) -> ResponseReturnValue:
    return page(order_of(code), at_desk=True)


@bp.post("/staff/orders/<code>/receipt")
@bp.post("/staff/orders/<code>/receipt/<int:refund_id>")
@staff("treasury", "counter")
def take_at_desk(code: str, refund_id: int | None = None) -> ResponseReturnValue:
    return printed(order_of(code), refund_id, at_desk=True)


@bp.get("/staff/orders/<code>/receipts/<number>/<int:copy>.pdf")
@staff("treasury", "counter", "approver", "auditor")
def download_at_desk(code: str, number: str, copy: int) -> ResponseReturnValue:
    return pdf(order_of(code), number, copy, at_desk=True)


def order_of(code: str) -> Order:
    return or_404(db.session.scalar(sa.select(Order).where(Order.code == code)))


def printed(order: Order, refund_id: int | None, *, at_desk: bool) -> ResponseReturnValue:
    if refund_id is not None and refund_id not in {each.id for each in refunds(order)}:
        abort(404)
    form, code = ReceiptForm(), order.code
    name = form.named()
    if name is not None:
        by = f"{'staff' if at_desk else 'buyer'}:{me().code}"
        try:
            print_out(order.id, name, form.wanted, by, refund_id)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("お出ししました。下の一覧から、開くか印刷してください。")
            return redirect(f"{'/staff' if at_desk else ''}/orders/{code}/receipt", 303)
    return page(order, at_desk=at_desk, typed=form, of=refund_id), 422


def pdf(order: Order, number: str, copy: int, *, at_desk: bool = False) -> ResponseReturnValue:
    found = (
        each
        for receipt in db.session.scalars(sa.select(Receipt).where(Receipt.order_id == order.id))
        for each in receipt.prints
        if (receipt.number, each.n) == (number, copy)
    )
    one: Print | None = next(found, None)
    if one is None:
        abort(404)
    if at_desk:
        look_at(order.subject)
    response = Response(sheet(one), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="receipt-{number}-{copy}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def page(order: Order, *, at_desk: bool, typed: ReceiptForm | None = None, of: int | None = None) -> str:
    """`typed` is a form that came back with faults, of the refund `of` (None: of the price)."""
    sold = [document(order, None, typed if of is None else None)]
    back = [document(order, refund, typed if of == refund.id else None) for refund in refunds(order)]
    if at_desk and any(each.receipt for each in (*sold, *back)):
        look_at(order.subject)
    return render_template(
        "receipts/desk.html" if at_desk else "receipts/show.html",
        order=order,
        documents=[each for each in (*sold, *back) if each.receipt or not each.closed or each.refund is None],
        base=f"{'/staff' if at_desk else ''}/orders/{order.code}",
        may=not at_desk or bool(roles_of(me().id) & MAY_PRINT),
        small=SMALL_RETURN,
    )


def document(order: Order, refund: Refund | None, typed: ReceiptForm | None) -> Document:
    receipt = find(order.id, refund.id if refund else None)
    closed = ""
    try:
        _ = of_refund(order, refund.id) if refund else of_price(order)
    except Refused as refusal:
        closed = str(refusal)
    copy = len(receipt.prints) + 1 if receipt else 1
    usual = {"addressee": order.buyer.name, "honorific": Honorific.PERSON.name, "copy": str(copy)}
    form = typed or ReceiptForm(formdata=None, data=usual)
    form.copy.data = str(copy)
    return Document(refund, receipt, form, closed)
