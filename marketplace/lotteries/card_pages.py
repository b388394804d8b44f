"""The way from a receipt to Stripe's page where the card is saved, and back."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import signed_in
from marketplace.kit.db import let_go
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused, Rejected, Unavailable
from marketplace.lotteries import cards
from marketplace.lotteries.applying import mine
from marketplace.lotteries.forms import WithdrawForm
from marketplace.payments.looking import may_look
from marketplace.payments.saving import saved_card, sync_card

bp = Blueprint("entry_cards", __name__)


@bp.post("/entries/<no>/card")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def save(no: str) -> ResponseReturnValue:
    entry, _lottery, listing = mine(no)
    back = url_for("lotteries.entry", code=listing.code, no=no)
    WithdrawForm().validate()
    try:
        return redirect(cards.page_for(entry.id), 303)
    except Unavailable:
        flash("いまカードの登録画面につながりません。申し込みはそのままです。1分ほど待って、もう一度お試しください。")
    except Refused as refusal:
        flash(str(refusal))
    return redirect(back, 303)


@bp.get("/entries/<no>/card/done")
@signed_in
def done(no: str) -> ResponseReturnValue:
    """Back from Stripe. The address proves nothing: Stripe is asked, and if it is away its news will come."""
    entry, _lottery, listing = mine(no)
    if not may_look():
        return redirect(url_for("lotteries.entry", code=listing.code, no=no), 303)
    card = saved_card(entry.subject)
    back, saved_id = url_for("lotteries.entry", code=listing.code, no=no), card.id if card else None
    let_go()
    if saved_id is not None:
        with suppress(Unavailable, Rejected):
            sync_card(saved_id)
    return redirect(back, 303)
