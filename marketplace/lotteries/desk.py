"""The draw console of the staff: what was fixed at the close, and the form by which chance comes in."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Account
from marketplace.accounts.session import current_account, staff
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.lotteries import beacon, bundles, drawing
from marketplace.lotteries.forms import BeaconForm, DiceForm
from marketplace.lotteries.models import Entry, EntryState, Lottery

bp = Blueprint("lotteries_desk", __name__)


@bp.get("/staff/lotteries/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    return page(find(code), DiceForm(), BeaconForm())


@bp.post("/staff/lotteries/<code>/dice")
@staff("drafter", "approver")
def dice(code: str) -> ResponseReturnValue:
    lottery, form = find(code), DiceForm()
    if not form.validate():
        return page(lottery, form, BeaconForm(formdata=None)), 422
    digits = "".join((form.digits.data or "").split())
    try:
        drawing.draw_with_dice(lottery.id, digits, [form.witnesses.data or "", form.second.data or ""], actor().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), form, BeaconForm(formdata=None)), refusal.status
    return redirect(url_for("lotteries_desk.show", code=code), 303)


@bp.post("/staff/lotteries/<code>/beacon")
@staff("drafter", "approver")
def by_beacon(code: str) -> ResponseReturnValue:
    lottery, form = find(code), BeaconForm()
    if not form.validate():
        return page(lottery, DiceForm(formdata=None), form), 422
    try:
        drawing.draw_with_beacon(lottery.id, form.signature.data or "", actor().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), DiceForm(formdata=None), form), refusal.status
    return redirect(url_for("lotteries_desk.show", code=code), 303)


def actor() -> Account:
    account = current_account()
    assert account is not None, "staff() lets nobody else in"
    return account


def find(code: str) -> Lottery:
    lottery = db.session.scalar(sa.select(Lottery).where(Lottery.code == code))
    if lottery is None:
        abort(404)
    return lottery


def page(lottery: Lottery, dice_form: DiceForm, beacon_form: BeaconForm) -> str:
    """Persons, winners, paid and promoted are counted apart, always."""
    counted = sa.select(Entry.state, sa.func.count()).where(Entry.lottery_id == lottery.id).group_by(Entry.state)
    counts = {row[0]: row[1] for row in db.session.execute(counted)}
    by_dice = lottery.chain != beacon.CHAIN or now() >= lottery.draw_at + drawing.SILENCE
    return render_template(
        "lotteries/desk.html",
        lottery=lottery,
        listing=lottery.listing,
        fixed=bundles.fixed_of(lottery),
        counts=[(state.ja, counts[state]) for state in EntryState if state in counts],
        dice_form=dice_form,
        beacon_form=beacon_form,
        by_beacon=lottery.chain == beacon.CHAIN,
        by_dice=by_dice,
        due=now() >= lottery.draw_at,
    )
