"""The pages on which people apply for themselves and their families, and change what they gave."""

from __future__ import annotations

from hashlib import sha256

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, signed_in
from marketplace.kit.db import db, get
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.kit.web import conditional
from marketplace.listings.models import Listing
from marketplace.lotteries import entering, receipts
from marketplace.lotteries.applicants import Applicant, Channel
from marketplace.lotteries.forms import EntryForm
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.pages import about, find, my_id, opened
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
@signed_in
def enter(code: str, whose: str) -> ResponseReturnValue:
    """Thousands press this button in one minute. It is short for them, and without a limit of its own: a second click
    finds the entry, and behind one address of a mobile carrier are many people."""
    lottery, channel = opened(code), FORMS[whose]
    form = EntryForm.asking(lottery.terms, channel)
    application = form.check(lottery.terms, channel)
    if application is None:
        return page(*find(code), form, channel), 422
    try:
        received = entering.enter(lottery.id, my_id(), application)
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
    form = EntryForm.asking(
        lottery.terms, entry.channel, data={"lots": entry.lots, "group": entry.group, **said(entry)}
    )
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


@bp.get("/entries/<no>/receipt.pdf")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def paper(no: str) -> ResponseReturnValue:
    entry, lottery, listing = mine(no)
    return slip_of(entry, lottery, listing)


@bp.post("/entries/<no>/receipt.pdf")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def paper_with_secret(no: str) -> ResponseReturnValue:
    """From the page that shows the secret code once: on paper it is kept best."""
    entry, lottery, listing = mine(no)
    return slip_of(entry, lottery, listing, request.form.get("secret", ""))


@bp.get("/entries/<no>/receipt.json")
@signed_in
def receipt_file(no: str) -> ResponseReturnValue:
    entry, lottery, _listing = mine(no)
    response = jsonify(receipts.signed(entry, lottery.code))
    response.headers["Content-Disposition"] = f'attachment; filename="{no}-receipt.json"'
    return response


@bp.get("/receipts/<no>")
@limiter.limit("60/minute")
def check_receipt(no: str) -> ResponseReturnValue:
    """Where the code on a paper leads: is this receipt the town's, and the newest of its entry? Not: whose."""
    entry = entering.by_number(no)
    lottery = get(Lottery, entry.lottery_id) if entry is not None else None
    lots, revision = (request.args.get(name, 0, int) for name in ("lots", "revision"))
    signature = receipts.signature_of(request.args.get("signature", ""))
    fine = (
        entry is not None
        and lottery is not None
        and receipts.genuine(
            receipts.words(entry, lottery.code, lots=lots, revision=revision), signature, receipts.public_key()
        )
    )
    page = render_template(
        "lotteries/receipt.html",
        no=no,
        entry=entry if fine else None,
        lottery=lottery,
        lots=lots,
        newest=fine and entry is not None and revision == entry.revision,
    )
    return page, 200 if fine else 404


@bp.get("/receipts/key.json")
def receipt_key() -> ResponseReturnValue:
    """The key that receipts are signed with, for whoever checks them alone."""
    return conditional(jsonify(format=receipts.VERSION, algorithm="Ed25519", key=receipts.public_key()), max_age=3600)


def slip_of(entry: Entry, lottery: Lottery, listing: Listing, secret: str = "") -> Response:
    """The PDF, with the secret code where it is really that of this entry."""
    from marketplace.lotteries.slips import slip  # noqa: PLC0415 -- loads what makes PDFs only where one is wanted

    known = sha256(secret.encode()).hexdigest() == entry.ch
    response = Response(slip(entry, lottery, listing, secret if known else ""), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{entry.no}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


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
