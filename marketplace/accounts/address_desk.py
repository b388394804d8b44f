"""The desk's pages for whoever lost their mailbox: one makes sure of the person, another confirms."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import vouching_address
from marketplace.accounts.address_models import AddressChange, left, open_change
from marketplace.accounts.addresses import MistypedAddress, check_spelling
from marketplace.accounts.forms import LostAddressForm, PressForm
from marketplace.accounts.looking import look_at
from marketplace.accounts.models import Account, StaffRole
from marketplace.accounts.names import called
from marketplace.accounts.rules import normalised
from marketplace.accounts.session import me, staff
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.kit.names import plain
from marketplace.kit.refusals import Refused
from marketplace.settings import settings

bp = Blueprint("lost_addresses", __name__, url_prefix="/staff/addresses")


@bp.get("")
@staff(*vouching_address.MAY)
def index() -> ResponseReturnValue:
    """Those that wait, and a way to a person by the number or the address that they know."""
    wanted = request.args.get("q", "").strip()[:254]
    if wanted:
        said = plain(wanted)
        mail = said.lower()
        here = sa.select(Account).where(sa.or_(Account.code == said.upper(), Account.email == mail))
        account = db.session.scalar(here) or db.session.scalar(sa.select(Account).where(Account.id.in_(left(mail))))
        if account is not None and helps(account):
            return redirect(url_for("lost_addresses.show", code=account.code), 303)
    look_at(*(f"account:{row.account.code}" for row in vouching_address.waiting()))
    return render_template("accounts/lost_addresses.html", wanted=wanted, waiting=vouching_address.waiting())


@bp.get("/<code>")
@staff(*vouching_address.MAY)
def show(code: str) -> ResponseReturnValue:
    return page(find(code), LostAddressForm(formdata=None))


@bp.post("/<code>")
@staff(*vouching_address.MAY)
def ask(code: str) -> ResponseReturnValue:
    account, form = find(code), LostAddressForm()
    if not form.validate():
        return page(account, form), 422
    try:
        address = normalised(form.email.data or "")
        check_spelling(address, sure=form.sure.data or "")
        vouching_address.ask(account.id, address, me().id, form.why.data or "")
    except MistypedAddress as refusal:
        form.sure.data = address
        form.refuse(refusal)
        return page(find(code), form), 422
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), form), refusal.status
    flash("申し出を記録しました。もうひとりの職員が確かめると、新しいアドレスにリンクが届きます。")
    return redirect(url_for("lost_addresses.show", code=code), 303)


@bp.post("/changes/<int:change_id>/<any(confirm, withdraw):act>")
@staff(*vouching_address.MAY)
def decide(change_id: int, act: str) -> ResponseReturnValue:
    acts = {
        "confirm": (vouching_address.confirm, "確かめました。新しいアドレスに、リンクを送りました。"),
        "withdraw": (vouching_address.withdraw, "取りやめました。いまのアドレスのままです。"),
    }
    code, (command, done) = get(AddressChange, change_id).account.code, acts[act]
    if not PressForm().validate():
        abort(400)
    try:
        command(change_id, me().id)
    except Refused as refusal:
        if refusal.status == 403:
            raise
        flash(str(refusal), "warn")
    else:
        flash(done)
    return redirect(url_for("lost_addresses.show", code=code), 303)


def find(code: str) -> Account:
    account = db.session.scalar(sa.select(Account).where(Account.code == code))
    return account if account is not None and helps(account) else abort(404)


def helps(account: Account) -> bool:
    """Whether this is a way for such an account: colleagues have one of their own, and paper has no mailbox."""
    works_here = db.session.scalar(sa.select(sa.exists().where(StaffRole.account_id == account.id)))
    return not (works_here or account.on_paper or account.closed_at is not None)


def page(account: Account, form: LostAddressForm) -> str:
    look_at(f"account:{account.code}")
    change = open_change(account.id)
    if change is not None and (not change.by_office or change.expires_at <= now()):
        change = None
    return render_template(
        "accounts/lost_address.html",
        person=account,
        form=form,
        change=change,
        second=change is not None and me().id != change.asked_by,
        asked_by=called([get(Account, change.asked_by)])[change.asked_by] if change is not None else None,
        hours=settings().withdrawal_cooling_hours,
    )
