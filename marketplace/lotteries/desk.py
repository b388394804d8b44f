"""The draw console of the staff: checks before the draw, the forms by which chance comes in, the sign-off after it."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Account
from marketplace.accounts.session import me, staff
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused, Unavailable, WrongState
from marketplace.listings import scheduling
from marketplace.listings.models import ListingState
from marketplace.listings.witnesses import witnessed
from marketplace.lotteries import amended, cards, closing, counting, draw, drawing, signing_off
from marketplace.lotteries.forms import BeaconForm, CloseForm, DiceForm, SignOffForm
from marketplace.lotteries.models import Lottery, Wave
from marketplace.lotteries.preflight import preflight
from marketplace.lotteries.states import LotteryState

bp = Blueprint("lotteries_desk", __name__)

CARDS_UNKNOWN = (
    "いま決済会社（Stripe）に確かめられません。カードを登録した方を無効にしないため、一覧はまだ固定していません。"
    "1分ほど待って、もう一度お試しください。"
)


@bp.get("/staff/lotteries/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    return page(find(code))


@bp.post("/staff/lotteries/<code>/close")
@staff("drafter", "approver")
def close(code: str) -> ResponseReturnValue:
    """Do now what the worker's clock should have done: close a sale whose hour is over, and fix its list."""
    lottery, form = find(code), CloseForm()
    if not form.validate():
        return page(lottery, close_form=form), 422
    amended.follow(lottery.listing_id)  # that it was given more time waits for the worker, too
    if late(lottery):
        try:
            if lottery.listing.state == ListingState.OPEN:
                scheduling.close_sale(lottery.listing_id)
        except WrongState:
            pass  # the worker was first
        try:
            cards.before_close(lottery.listing_id)
        except Unavailable:
            form.form_errors.append(CARDS_UNKNOWN)
            return page(find(code), close_form=form), 503
        closing.close(lottery.listing_id)
    return redirect(url_for("lotteries_desk.show", code=code), 303)


@bp.post("/staff/lotteries/<code>/dice")
@staff("drafter", "approver")
def dice(code: str) -> ResponseReturnValue:
    """First the digits are read back; with `confirmed` they draw."""
    lottery, form = find(code), DiceForm()
    if not form.validate():
        return page(lottery, dice_form=form), 422
    witnesses = [form.witnesses.data or "", form.second.data or ""]
    try:
        if form.confirmed.data != form.plain_digits:
            drawing.thrown(form.plain_digits)
            witnessed(witnesses)
            return page(lottery, dice_form=form, read_back=True)
        drawing.draw_with_dice(lottery.id, form.plain_digits, witnesses, me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), dice_form=form), refusal.status
    return redirect(url_for("lotteries_desk.show", code=code), 303)


@bp.post("/staff/lotteries/<code>/beacon")
@staff("drafter", "approver")
def by_beacon(code: str) -> ResponseReturnValue:
    lottery, form = find(code), BeaconForm()
    if not form.validate():
        return page(lottery, beacon_form=form), 422
    try:
        drawing.draw_with_beacon(lottery.id, form.signature.data or "", me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), beacon_form=form), refusal.status
    return redirect(url_for("lotteries_desk.show", code=code), 303)


@bp.post("/staff/lotteries/<code>/sign-off")
@staff("drafter", "approver")
def sign_off(code: str) -> ResponseReturnValue:
    lottery, form = find(code), SignOffForm()
    if not form.validate():
        return page(lottery, sign_form=form), 422
    try:
        signing_off.sign_off(lottery.id, me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), sign_form=form), refusal.status
    return redirect(url_for("lotteries_desk.show", code=code), 303)


def find(code: str) -> Lottery:
    lottery = db.session.scalar(sa.select(Lottery).where(Lottery.code == code))
    if lottery is None:
        abort(404)
    return lottery


def late(lottery: Lottery) -> bool:
    """Has the worker missed its hour? That of a sale that is stopped waits for people."""
    stopped = lottery.listing.state == ListingState.SUSPENDED
    return lottery.state == LotteryState.OPEN and now() >= lottery.closes_at and not stopped


def page(
    lottery: Lottery,
    *,
    dice_form: DiceForm | None = None,
    beacon_form: BeaconForm | None = None,
    sign_form: SignOffForm | None = None,
    close_form: CloseForm | None = None,
    read_back: bool = False,
) -> str:
    """A form that was sent comes back as it was; the others are empty."""
    waits = lottery.state in (LotteryState.OPEN, LotteryState.CLOSED)
    due = lottery.state == LotteryState.CLOSED and now() >= lottery.draw_at
    source = drawing.source(lottery, now())
    signer = db.session.get(Account, lottery.signed_off_by) if lottery.signed_off_by else None
    waves = sa.select(Wave).where(Wave.lottery_id == lottery.id).order_by(Wave.number)
    return render_template(
        "lotteries/desk.html",
        lottery=lottery,
        listing=lottery.listing,
        draws=closing.draws(lottery.id),
        counts=counting.count(lottery),
        states=counting.by_state(lottery),
        waves=list(db.session.scalars(waves)),
        checks=preflight(lottery, me()) if waits else [],
        dice_form=dice_form or DiceForm(formdata=None),
        beacon_form=beacon_form or BeaconForm(formdata=None),
        sign_form=sign_form or SignOffForm(formdata=None),
        close_form=close_form or CloseForm(formdata=None),
        read_back=read_back,
        late=late(lottery),
        due=due,
        by_dice=due and source == draw.DICE,
        by_beacon=due and source != draw.DICE,
        signer=signer,
        may_sign=lottery.state in (LotteryState.DRAWN, LotteryState.SETTLED)
        and signer is None
        and lottery.drawn_by != me().id,
    )
