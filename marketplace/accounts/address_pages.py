"""The pages on which a person takes another mail address, and the link for who lost the old one."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import readdressing, vouching_address
from marketplace.accounts.address_models import AddressChange, open_change
from marketplace.accounts.addresses import MistypedAddress, check_spelling
from marketplace.accounts.devices import me
from marketplace.accounts.entrance import enter
from marketplace.accounts.forms import BothCodesForm, NewAddressForm, PressForm
from marketplace.accounts.rules import normalised
from marketplace.accounts.session import roles_of, signed_in
from marketplace.kit.clock import now
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused

bp = Blueprint("addresses", __name__)


@bp.get("/account/address")
@signed_in
def show() -> ResponseReturnValue:
    return page(NewAddressForm(formdata=None), BothCodesForm(formdata=None))


@bp.post("/account/address")
@limiter.limit("10/minute", key_func=each_account)
@signed_in
def ask() -> ResponseReturnValue:
    form, status = NewAddressForm(), 422
    if form.validate():
        try:
            address = normalised(form.email.data or "")
            check_spelling(address, sure=form.sure.data or "")
            readdressing.ask(me()[1].id, address)
        except MistypedAddress as refusal:
            form.sure.data = address
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            return redirect(url_for("addresses.show"), 303)
    return page(form, BothCodesForm(formdata=None)), status


@bp.post("/account/address/codes")
@limiter.limit("10/minute", key_func=each_account)
@signed_in
def prove() -> ResponseReturnValue:
    form, (here, account) = BothCodesForm(), me()
    if not form.validate():
        return page(NewAddressForm(formdata=None), form), 422
    try:
        readdressing.prove(account.id, form.old_code.data or "", form.new_code.data or "", keep=here.sign_in_id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(NewAddressForm(formdata=None), form), refusal.status
    flash("メールアドレスを変えました。次からは、新しいアドレスでログインしてください。")
    return redirect(url_for("accounts.show"), 303)


@bp.post("/account/address/stop")
@signed_in
def stop() -> ResponseReturnValue:
    if not PressForm().validate():
        abort(400)
    readdressing.withdraw(me()[1].id)
    flash("アドレスの変更を取りやめました。いまのアドレスのままです。")
    return redirect(url_for("addresses.show"), 303)


@bp.get("/signin/address/<token>")
def see_link(token: str) -> ResponseReturnValue:
    """A page with a button, as for the mailed link of a sign-in."""
    try:
        row = vouching_address.by_link(token)
    except Refused as refusal:
        return link_page(token, refusal), 200
    return link_page(token, vouching_address.closed(row), row)


@bp.post("/signin/address/<token>")
@limiter.limit("10/minute")
def use_link(token: str) -> ResponseReturnValue:
    try:
        account_id = vouching_address.redeem(token) if PressForm().validate() else abort(400)
    except Refused as refusal:
        return link_page(token, refusal), refusal.status
    flash("メールアドレスを変えました。次からは、新しいアドレスでログインしてください。")
    return enter(account_id, None)


def link_page(token: str, refusal: Refused | None, row: AddressChange | None = None) -> str:
    return render_template(
        "accounts/address_link.html", form=PressForm(formdata=None), token=token, refusal=refusal, change=row
    )


def page(form: NewAddressForm, codes: BothCodesForm) -> str:
    account = me()[1]
    change = open_change(account.id)
    return render_template(
        "accounts/address.html",
        form=form,
        codes=codes,
        account=account,
        change=change if change is not None and change.expires_at > now() else None,
        refusal=readdressing.NotForStaff() if roles_of(account.id) else None,
    )
