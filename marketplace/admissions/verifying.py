"""The way from one's own 参加申込 to Stripe's page for the card or the deposit, and back; and the staff's list."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.looking import look_at
from marketplace.accounts.models import Account
from marketplace.accounts.session import current_account, signed_in, staff
from marketplace.admissions import deposits
from marketplace.admissions.applying import participation_of
from marketplace.admissions.forms import DropForm
from marketplace.admissions.models import Participation
from marketplace.kit.db import db, let_go
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused, Rejected, Unavailable
from marketplace.listings.finding import announced
from marketplace.payments.asking import open_payment
from marketplace.payments.looking import may_look
from marketplace.payments.saving import sync_card
from marketplace.payments.syncing import sync

bp = Blueprint("verifying", __name__)
NEWEST = 300


@bp.post("/listings/<code>/taking-part/verify")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def go(code: str) -> ResponseReturnValue:
    row = mine(code)
    if not DropForm().validate():
        abort(400)
    try:
        return redirect(deposits.page_for(row.id), 303)
    except Unavailable:
        flash("いま決済サービスにつながりません。1分ほど待って、もう一度お試しください。")
    except Refused as refusal:
        flash(str(refusal))
    return redirect(url_for("admissions.show", code=code), 303)


@bp.get("/listings/<code>/taking-part/done")
@signed_in
def done(code: str) -> ResponseReturnValue:
    """Back from Stripe. The address proves nothing: Stripe is asked, and if it is away its news will come."""
    row = mine(code)
    if not may_look():
        return redirect(url_for("admissions.show", code=code), 303)
    payment, card = open_payment(row.subject), deposits.card_of(row)
    payment_id, saved_id = payment.id if payment else None, card.id if card else None
    let_go()
    with suppress(Unavailable, Rejected):
        if payment_id is not None:
            sync(payment_id)
        if saved_id is not None:
            sync_card(saved_id)
    return redirect(url_for("admissions.show", code=code), 303)


@bp.get("/staff/deposits")
@staff("drafter", "approver", "treasury")
def index() -> ResponseReturnValue:
    """Every deposit and how it stands, the newest first."""
    newest = list(db.session.scalars(sa.select(Participation).order_by(Participation.id.desc()).limit(NEWEST)))
    by_subject = {row.subject: row for row in newest}
    found = [(by_subject[payment.subject], payment, hold) for payment, hold in deposits.deposits_of(list(by_subject))]
    look_at(*(row.subject for row, _, _ in found))
    return render_template("admissions/deposits.html", deposits=found)


def mine(code: str) -> Participation:
    account: Account | None = current_account()
    listing = announced(code)
    row = participation_of(listing.id, account.id) if listing is not None and account is not None else None
    return row if row is not None else abort(404)
