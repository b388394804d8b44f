"""Orders as staff see them, and the money that goes back."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload, selectinload

from marketplace.accounts.address_desk import helps
from marketplace.accounts.looking import look_at
from marketplace.accounts.models import Role
from marketplace.accounts.second_person import check_other
from marketplace.accounts.session import me, roles_of, staff
from marketplace.kit.db import db
from marketplace.kit.paging import asked_row
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing
from marketplace.orders import deposits, given_back, returning, unended
from marketplace.orders.models import STATE_JA, Order, OrderState
from marketplace.orders.settling import NotTaken, let_be, refund
from marketplace.orders.whereabouts import left
from marketplace.payments import asking, refunding
from marketplace.payments.models import Payment
from marketplace.payments.refund_models import Refund
from marketplace.payments.stripe_models import Dispute
from marketplace.staff.forms import EndForm, RefundForm
from marketplace.staff.looking_up import asked_for
from marketplace.staff.money_forms import RetryForm
from marketplace.tokens.freezing import frozen
from marketplace.tokens.revoking import revocable

bp = Blueprint("cashier", __name__, url_prefix="/staff/orders")

PAGE = 50
REFUNDABLE = (OrderState.PAID, OrderState.NEEDS_REVIEW)
WAYS: dict[str, tuple[Callable[[int, str, str], object], str]] = {
    "retry": (refunding.retry, "もう一度、返金を頼みました。"),
    "bank": (refunding.pay_by_bank, "銀行から返したことを記録しました。"),
    "unpaid": (refunding.not_paid_by_bank, "記録を取り消しました。この返金は、まだ終わっていません。"),
    "let_be": (let_be, "返さないことにしました。"),
}
MAY_REFUND = {Role.TREASURY, Role.APPROVER}


@bp.get("")
@staff("treasury", "approver", "counter")
def index() -> ResponseReturnValue:
    """Newest first, by state, listing and what the buyer says of it."""
    state, code = (request.args.get(name, "") for name in ("state", "listing"))
    wanted = request.args.get("q", "").strip()
    asked = [asked_for(wanted)] if wanted else []
    if code:
        asked.append(Order.listing_id.in_(sa.select(Listing.id).where(Listing.code == code)))
    query = sa.select(Order).where(*asked).order_by(Order.id.desc())
    if state in STATE_JA:
        query = query.where(Order.state == OrderState(state))
    if before := asked_row("before"):
        query = query.where(Order.id < before)
    if wanted:
        look_at(*(f"order:{each}" for each in db.session.scalars(query.with_only_columns(Order.code).limit(PAGE))))
    query = query.options(selectinload(Order.listing), joinedload(Order.unit)).limit(PAGE + 1)
    orders = list(db.session.scalars(query))
    found = db.session.execute(sa.select(Order.state, sa.func.count()).where(*asked).group_by(Order.state)).all()
    counts = {row[0]: row[1] for row in found}
    return render_template(
        "staff/orders.html",
        orders=orders[:PAGE],
        older=orders[PAGE - 1].id if len(orders) > PAGE else None,
        state=state,
        code=code,
        wanted=wanted,
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
    """Before the token is issued one person decides; afterwards what they say waits for another."""
    order, form = order_of(code), RefundForm()
    if form.validate():
        try:
            if order.state == OrderState.ISSUED:
                returning.ask(order.id, me().id, form.why.data)
                done = "返金を申し出ました。別の職員が承認すると、お金が戻ります。それまで、この権利は使えません。"
            else:
                check_other(me().id, order.buyer_id)
                refund(order.id, by=staff_name(me().id), why=form.why.data)
                done = "返金の手続きを始めました。終わると、買った方にメールが届きます。"
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(done)
            return redirect(url_for("cashier.show", code=code), 303)
    return page(order_of(code), form), 422


@bp.post("/<code>/end")
@staff("treasury", "approver")
def end(code: str) -> ResponseReturnValue:
    """One whose time is over and that Stripe keeps from ending."""
    order, form = order_of(code), EndForm()
    if not form.validate():
        return page(order, RefundForm(formdata=None), ending=form), 422
    try:
        check_other(me().id, order.buyer_id)
        by_hand = unended.end(order.id, staff_name(me().id), form.word.data)
    except Refused as refusal:
        form.refuse(refusal)
        return page(order_of(code), RefundForm(formdata=None), ending=form), refusal.status
    flash("注文を終わらせました。" if by_hand else "決済会社が答えました。まもなく、その答えのとおりになります。")
    return redirect(url_for("cashier.show", code=code), 303)


@bp.post("/<code>/given-back")
@staff("treasury", "approver")
def end_given_back(code: str) -> ResponseReturnValue:
    """Stripe has another sum than was asked for, and somebody gave it back there."""
    order, form = order_of(code), RefundForm()
    if form.validate():
        try:
            check_other(me().id, order.buyer_id)
            given_back.end(order.id, staff_name(me().id), form.why.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("注文を終わらせました。買った方にメールが届きます。")
            return redirect(url_for("cashier.show", code=code), 303)
    return page(order_of(code), form), 422


@bp.post("/<code>/refund/<int:request_id>/<any(approve, withdraw):decision>")
@staff("treasury", "approver")
def decide(code: str, request_id: int, decision: str) -> ResponseReturnValue:
    """Of the request that was read: whoever asks again with other words is read again, too."""
    order, form = order_of(code), RefundForm(formdata=None)
    request = returning.waiting(order.id)
    if request is None or request.id != request_id:
        form.form_errors.append("お読みになった申し出は、もう承認を待っていません。いまの内容をお確かめください。")
        return page(order, form), 409
    try:
        act = returning.approve if decision == "approve" else returning.withdraw
        act(request.id, me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(order_of(code), form), refusal.status
    flash("返金を承認しました。終わると、買った方にメールが届きます。" if decision == "approve" else "取り下げました。")
    return redirect(url_for("cashier.show", code=code), 303)


@bp.post("/<code>/refunds/<int:refund_id>/<any(retry, bank, unpaid, let_be):way>")
@staff("treasury")
def again(code: str, refund_id: int, way: str) -> ResponseReturnValue:
    """A refund that the card did not take: once more, by the bank, or not at all; or not by the bank after all."""
    order, form = order_of(code), RetryForm()
    if refund_id not in {each.id for each in refunds_of(order)}:
        abort(404)
    if form.validate():
        try:
            WAYS[way][0](refund_id, staff_name(me().id), form.why.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(WAYS[way][1])
            return redirect(url_for("cashier.show", code=code), 303)
    return page(order_of(code), RefundForm(formdata=None), form), 422


def order_of(code: str) -> Order:
    return or_404(db.session.scalar(sa.select(Order).where(Order.code == code)))


def refunds_of(order: Order) -> list[Refund]:
    """Everything that goes back, or should, of the order's payments: also of its deposit."""
    mine = sa.or_(Payment.subject == order.subject, Payment.id == order.deposit_payment_id)
    return list(db.session.scalars(sa.select(Refund).join(Payment).where(mine).order_by(Refund.id)))


def page(order: Order, form: RefundForm, retry: RetryForm | None = None, ending: EndForm | None = None) -> str:
    look_at(order.subject)
    account, roles = me(), roles_of(me().id)
    in_doubt = order.state == OrderState.NEEDS_REVIEW
    came = asking.payments_of(order.subject)[1] if in_doubt else None
    may = bool(roles & MAY_REFUND) and (order.paid_by_payment_id is not None or came is not None)
    issued = order.state == OrderState.ISSUED
    gone = deposits.gone_back(order)
    token = returning.token_of(order)
    return render_template(
        "staff/order.html",
        order=order,
        gone=gone,
        back=(came.yen if came is not None else order.back_yen) - gone,
        came=came,
        form=form,
        retry=retry or RetryForm(formdata=None),
        ending=ending or EndForm(formdata=None),
        late=unended.is_late(order.id),
        may_refund=may and order.state in REFUNDABLE,
        may_ask=may and issued,
        left=left(order.buyer_id, [order]).get(order.code),
        at_stripe=in_doubt and came is None and bool(roles & MAY_REFUND),
        obstacle=NotTaken.message if in_doubt and came is None else returning.obstacle(order) if issued else None,
        request=returning.waiting(order.id),
        account=account,
        may_move=helps(order.buyer),
        may_decide=bool(roles & MAY_REFUND),
        may_retry=Role.TREASURY in roles,
        refunds=refunds_of(order),
        card_closed=refunding.card_closed,
        twice_by_bank=refunding.twice_by_bank,
        disputes=disputes_of(order),
        token=token,
        frozen=frozen(token) if token is not None else None,
        ends=token is not None and revocable(token),
    )


def disputes_of(order: Order) -> list[Dispute]:
    query = sa.select(Dispute).join(Payment, Payment.id == Dispute.payment_id).where(Payment.subject == order.subject)
    return list(db.session.scalars(query.order_by(Dispute.opened_at)))
