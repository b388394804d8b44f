"""Order, confirm, pay, and watch the right arrive."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from marketplace.accounts.session import signed_in, visitor_id
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused, Rejected, Unavailable
from marketplace.kit.web import conditional, wants_fragment
from marketplace.listings import disclosure
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.orders import deposits, expiring, placing
from marketplace.orders.forms import ConfirmForm, OrderForm
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.settling import back_yen
from marketplace.orders.whereabouts import left
from marketplace.payments import asking
from marketplace.payments.looking import may_look
from marketplace.payments.models import Payment
from marketplace.payments.refund_models import Refund
from marketplace.payments.syncing import sync
from marketplace.tokens.delays import Delay, delay
from marketplace.tokens.freezing import frozen
from marketplace.tokens.issuing import call_key
from marketplace.tokens.models import Token

bp = Blueprint("orders", __name__)

FOR_SALE = sa.select(Listing.id).where(Listing.code == sa.bindparam("code"), ANNOUNCED)
ORDER = sa.select(Order).where(Order.code == sa.bindparam("code"))
SHOWN = ORDER.options(joinedload(Order.listing, innerjoin=True), joinedload(Order.unit, innerjoin=True))
"""With all that its pages show of it."""
SOON = timedelta(seconds=20)
"""Until then what was paid for is on its way as always: nobody is told, or asks, why it has not come."""


@bp.post("/listings/<code>/order")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def place(code: str) -> ResponseReturnValue:
    buyer_id = visitor_id()
    listing_id = db.session.scalar(FOR_SALE, {"code": code})
    if buyer_id is None or listing_id is None:
        abort(404)
    OrderForm().validate()
    return redirect(url_for("orders.confirm", code=placing.placed(buyer_id, listing_id).code), 303)


@bp.get("/orders/<code>/confirm")
@signed_in
def confirm(code: str) -> ResponseReturnValue:
    order = mine(code, SHOWN)
    if order.state != OrderState.AWAITING_PAYMENT:
        return redirect(url_for("orders.show", code=code), 303)
    return confirmation(order, ConfirmForm())


@bp.post("/orders/<code>/pay")
@limiter.limit("20/minute", key_func=each_account)
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
    payment = asking.open_payment(mine(code).subject) if may_look() else None
    if payment is not None:
        with suppress(Unavailable, Rejected):
            sync(payment.id)
    return progress(code)  # not sent on to show(): on a telephone that is one more wait, just after paying


@bp.get("/orders/<code>")
@signed_in
def show(code: str) -> ResponseReturnValue:
    return progress(code)


def progress(code: str) -> ResponseReturnValue:
    """How far the order is, whole or as the part that a page asks for again and again."""
    order = mine(code, SHOWN)
    under_way, paid = asking.payments_of(order.subject)
    fragment = wants_fragment()
    late = order.state == OrderState.PAID and order.paid_at is not None and now() - order.paid_at > SOON
    page = render_template(
        "orders/_progress.html" if fragment else "orders/show.html",
        fragment=fragment,
        order=order,
        listing=order.listing,
        payment=paid or under_way,
        stopped=stopped(order),
        waits=_delay(order) if late else None,
        left=left(order.buyer_id, [order]).get(order.code),
        sent_back_at=sent_back_at(order),
        back_yen=back_yen(order),
        taken_back=deposits.taken_back(order) if order.state == OrderState.REFUNDED else 0,
        owed=order.state == OrderState.REFUNDED and not deposits.nothing_left(order),
    )
    return conditional(page, max_age=0, private=True)


def _delay(order: Order) -> Delay | None:
    """Why its right is not there yet, where it does not come by itself now."""
    token_id = db.session.scalar(sa.select(Token.token_id).where(Token.order_code == order.code))
    return delay(call_key(token_id)) if token_id is not None else None


def stopped(order: Order) -> Refused | None:
    """Why the right that was issued can't be used now."""
    if order.state != OrderState.ISSUED:
        return None
    token = db.session.scalar(sa.select(Token).where(Token.order_code == order.code))
    return frozen(token) if token is not None else None


def sent_back_at(order: Order) -> datetime | None:
    """When Stripe was told to give the money back."""
    if order.state not in (OrderState.REFUND_PENDING, OrderState.REFUNDED):
        return None
    asked = sa.select(sa.func.max(Refund.created_at, type_=Refund.created_at.type))
    return db.session.scalar(asked.join(Payment).where(Payment.subject == order.subject))


@bp.post("/orders/<code>/cancel")
@signed_in
def cancel(code: str) -> ResponseReturnValue:
    order = mine(code)
    if OrderForm().validate():
        expiring.cancel(order.id)
    return redirect(url_for("orders.show", code=code), 303)


def mine(code: str, query: sa.Select[Order] = ORDER) -> Order:
    """The signed-in person's order; 404 for another's, as for one that never was."""
    order = db.session.scalar(query, {"code": code})
    if order is None or order.buyer_id != visitor_id():
        abort(404, description=request.path)
    return order
