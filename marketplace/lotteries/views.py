"""Apply, keep the receipt, read the own result."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from marketplace.accounts.session import me, signed_in, visitor_id
from marketplace.kit.db import db
from marketplace.kit.limits import each_account, limiter
from marketplace.listings.models import Listing
from marketplace.lotteries import applying, bundles, card_pages, cards, demand, desk, entering, reception, records
from marketplace.lotteries.closing import of_listing
from marketplace.lotteries.forms import WithdrawForm
from marketplace.lotteries.groups import waiting_place, waiting_places
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.pages import about, find, takes_entries
from marketplace.lotteries.states import EntryState
from marketplace.orders.models import Order
from marketplace.payments.saving import saved_card

bp = Blueprint("lotteries", __name__)


def panel(listing: Listing) -> Markup:
    """The box beside a listing: how many applied, until when, the way in. For the pages that compose."""
    lottery = of_listing(listing.id)
    account_id = visitor_id()
    entry = entering.live_entry(lottery.id, account_id) if lottery and account_id else None
    return Markup(  # noqa: S704 -- the template escapes
        render_template("lotteries/_panel.html", listing=listing, entry=entry, **about(lottery))
    )


@bp.get("/listings/<code>/entry")
@signed_in
def entry(code: str) -> ResponseReturnValue:
    """受付票: the own receipt, and after the draw the own result. The secret code is shown the first time only.

    `?no=` shows that of a family member for whom this person applied.
    """
    listing, lottery = find(code)
    entries = entering.own_entries(lottery.id, me().id)
    no = request.args.get("no")
    own = next((each for each in entries if no in (None, each.no)), None)
    if own is None:
        return redirect(url_for("applying.ask", code=code), 303)
    kept = session.pop("receipt", None)
    secret = kept["secret"] if kept and kept["no"] == own.no else None
    fixed = bundles.draw_for(own)
    return render_template(
        "lotteries/entry.html",
        listing=listing,
        lottery=lottery,
        entry=own,
        secret=secret,
        fixed=fixed,
        waiting_place=waiting_place(own.rank, fixed.units, waiting_places(listing.auction_rules)) if fixed else None,
        before=waiting_before(own),
        order=order_of(own),
        card=saved_card(own.subject),
        needs_card=cards.needs_card(lottery, own),
        form=WithdrawForm(),
        can_change=takes_entries(lottery) and own.state in (EntryState.APPLIED, EntryState.VOID),
        family=lottery.asks_address and takes_entries(lottery),
        others=[each for each in entries if each is not own],
    )


@bp.get("/entries/<no>")
@signed_in
def receipt(no: str) -> ResponseReturnValue:
    """The short way to one's own receipt, as letters and マイページ name it."""
    own = sa.select(Lottery.code).join(Entry, Entry.lottery_id == Lottery.id)
    code = db.session.scalar(own.where(Entry.no == no, Entry.account_id == me().id))
    if code is None:
        abort(404)
    return redirect(url_for("lotteries.entry", code=code, no=no), 303)


@bp.post("/listings/<code>/withdraw")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def withdraw(code: str) -> ResponseReturnValue:
    _listing, lottery = find(code)
    no = request.form.get("no")
    own = next((each for each in entering.own_entries(lottery.id, me().id) if no in (None, each.no)), None)
    if own is not None:
        WithdrawForm().validate()
        entering.withdraw(own.id, me().id)
        flash("申し込みを取り下げました。受付中は、もう一度申し込めます。")
    return redirect(f"/listings/{code}", 303)


def waiting_before(own: Entry) -> int:
    """How many still wait before this entry."""
    ahead = sa.select(sa.func.count()).where(
        Entry.lottery_id == own.lottery_id,
        Entry.group == own.group,
        Entry.state == EntryState.WAITING,
        Entry.rank < (own.rank or 0),
    )
    return db.session.scalar(ahead) or 0


def order_of(own: Entry) -> Order | None:
    return db.session.get(Order, own.order_id) if own.order_id else None


BLUEPRINTS = (bp, applying.bp, card_pages.bp, records.bp, desk.bp, reception.bp, demand.bp)
