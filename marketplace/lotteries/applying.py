"""The pages on which people apply for themselves and their families, and change what they gave."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import signed_in
from marketplace.kit.db import db, get
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.listings.models import Listing
from marketplace.lotteries import entering
from marketplace.lotteries.applicants import Applicant, Channel
from marketplace.lotteries.forms import EntryForm
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.pages import about, find, me
from marketplace.lotteries.refusals import AlreadyEntered
from marketplace.lotteries.rules import PLEDGE, PLEDGES

bp = Blueprint("applying", __name__)

FORMS = {"self": Channel.SELF, "family": Channel.FAMILY}


@bp.get("/listings/<code>/enter", defaults={"whose": "self"})
@bp.get("/listings/<code>/enter/<any(family):whose>")
@signed_in
def ask(code: str, whose: str) -> ResponseReturnValue:
    listing, lottery = find(code)
    channel = FORMS[whose]
    own = entering.live_entry(lottery.id, me().id)
    if own is not None and channel is Channel.SELF:
        return redirect(url_for("lotteries.entry", code=code), 303)
    if channel is Channel.FAMILY and not lottery.asks_address:
        abort(404)
    filled = {"name": me().name} if channel is Channel.SELF else {"address": own and said(own).get("address")}
    return page(listing, lottery, EntryForm.asking(lottery.terms, channel, data=filled), channel)


@bp.post("/listings/<code>/enter", defaults={"whose": "self"})
@bp.post("/listings/<code>/enter/<any(family):whose>")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def enter(code: str, whose: str) -> ResponseReturnValue:
    listing, lottery = find(code)
    channel = FORMS[whose]
    form = EntryForm.asking(lottery.terms, channel)
    application = form.check(lottery.terms, channel)
    if application is None:
        return page(listing, lottery, form, channel), 422
    try:
        received = entering.enter(lottery.id, me().id, application)
    except AlreadyEntered as refusal:
        return redirect(receipt(code, refusal.no, channel), 303)
    except Refused as refusal:
        form.refuse(refusal)
        return page(*find(code), form, channel), refusal.status
    session["receipt"] = {"no": received.no, "secret": received.secret}
    return redirect(receipt(code, received.no, channel), 303)


@bp.get("/entries/<no>/change")
@signed_in
def see(no: str) -> ResponseReturnValue:
    entry, lottery, listing = mine(no)
    form = EntryForm.asking(lottery.terms, entry.channel, data={"lots": entry.lots, **said(entry)})
    return page(listing, lottery, form, entry.channel, entry)


@bp.post("/entries/<no>/change")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def change(no: str) -> ResponseReturnValue:
    entry, lottery, listing = mine(no)
    form = EntryForm.asking(lottery.terms, entry.channel)
    application = form.check(lottery.terms, entry.channel)
    if application is None:
        return page(listing, lottery, form, entry.channel, entry), 422
    try:
        entering.change(entry.id, me().id, application)
    except Refused as refusal:
        form.refuse(refusal)
        entry, lottery, listing = mine(no)
        return page(listing, lottery, form, entry.channel, entry), refusal.status
    flash("申し込みの内容を変更しました。受付番号は変わりません。")
    return redirect(url_for("lotteries.entry", code=listing.code, no=no), 303)


def receipt(code: str, no: str, channel: Channel) -> str:
    """The page of a receipt: one's own needs no number."""
    return url_for("lotteries.entry", code=code, no=no if channel is Channel.FAMILY else None)


def mine(no: str) -> tuple[Entry, Lottery, Listing]:
    """The entry with this number, where it is the visitor's own; else 404."""
    entry = entering.by_number(no)
    if entry is None or entry.account_id != me().id:
        abort(404)
    lottery = get(Lottery, entry.lottery_id)
    return entry, lottery, lottery.listing


def said(entry: Entry) -> dict[str, str]:
    """What the applicant gave, for the form."""
    who = db.session.get(Applicant, entry.id)
    return {field: getattr(who, field) for field in ("name", "kana", "address", "phone", "relation")} if who else {}


def page(listing: Listing, lottery: Lottery, form: EntryForm, channel: Channel, entry: Entry | None = None) -> str:
    return render_template(
        "lotteries/enter.html",
        listing=listing,
        form=form,
        channel=channel,
        entry=entry,
        pledge=PLEDGES[PLEDGE],
        **about(lottery),
    )
