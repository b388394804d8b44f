"""Order, confirm, pay, and watch the right arrive."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, signed_in
from marketplace.kit.db import db
from marketplace.kit.limits import limiter
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.kit.web import conditional, wants_fragment
from marketplace.listings import disclosure
from marketplace.listings.models import PUBLIC, Listing
from marketplace.orders import deposits, expiring, placing
from marketplace.orders.forms import ConfirmForm, OrderForm
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.payments import asking
from marketplace.payments.syncing import sync

bp = Blueprint("orders", __name__)

STEPS = ("お支払い", "発行", "お手元に")


@bp.post("/listings/<code>/order")
@limiter.limit("30/minute")
@signed_in
def place(code: str) -> ResponseReturnValue:
    buyer = current_account()
    listing = db.session.scalar(sa.select(Listing).where(Listing.code == code, Listing.state.in_(PUBLIC)))
    if buyer is None or listing is None:
        abort(404)
    OrderForm().validate()
    order_id = placing.place(buyer.id, listing.id)
    order = db.session.get_one(Order, order_id)
    return redirect(url_for("orders.confirm", code=order.code), 303)


@bp.get("/orders/<code>/confirm")
@signed_in
def confirm(code: str) -> ResponseReturnValue:
    order = mine(code)
    if order.state != OrderState.AWAITING_PAYMENT:
        return redirect(url_for("orders.show", code=code), 303)
    return confirmation(order, ConfirmForm())


@bp.post("/orders/<code>/pay")
@limiter.limit("20/minute")
@signed_in
def pay(code: str) -> ResponseReturnValue:
    order, form = mine(code), ConfirmForm()
    if order.state != OrderState.AWAITING_PAYMENT:
        return redirect(url_for("orders.show", code=code), 303)
    if not form.validate():
        return confirmation(order, form), 422
    try:
        return redirect(checkout(order.id), 303)
    except Unavailable:
        trouble = "いま決済サービスにつながりません。取り置きはそのままです。1分ほど待って、もう一度お試しください。"
        status = 503
    except Refused as refusal:
        trouble, status = str(refusal), refusal.status
    return confirmation(mine(code), form, trouble), status


def confirmation(order: Order, form: ConfirmForm, trouble: str = "") -> str:
    """The last page before paying."""
    waiting = deposits.being_taken(order)
    terms = {"order": order, "listing": order.listing, "waiting": waiting, "told": disclosure}
    return render_template("orders/confirm.html", form=form, trouble=trouble, **terms)


@bp.get("/orders/<code>/done")
@signed_in
def done(code: str) -> ResponseReturnValue:
    """Back from Stripe. The address proves nothing: Stripe is asked, and if it is away the page waits."""
    order = mine(code)
    payment = asking.open_payment(order.subject)
    if payment is not None:
        with suppress(Unavailable):
            sync(payment.id)
    return redirect(url_for("orders.show", code=code), 303)


@bp.get("/orders/<code>")
@signed_in
def show(code: str) -> ResponseReturnValue:
    order = mine(code)
    under_way, paid = asking.payments_of(order.subject)
    template = "orders/_progress.html" if wants_fragment() else "orders/show.html"
    page = render_template(template, order=order, listing=order.listing, payment=paid or under_way, form=OrderForm())
    return conditional(page, max_age=0, private=True)


@bp.post("/orders/<code>/cancel")
@signed_in
def cancel(code: str) -> ResponseReturnValue:
    order = mine(code)
    if OrderForm().validate():
        expiring.cancel(order.id)
    return redirect(url_for("orders.show", code=code), 303)


def mine(code: str) -> Order:
    """The signed-in person's order; 404 for another's, as for one that never was."""
    buyer = current_account()
    order = db.session.scalar(sa.select(Order).where(Order.code == code))
    if order is None or buyer is None or order.buyer_id != buyer.id:
        abort(404, description=request.path)
    return order
