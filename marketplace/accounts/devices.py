"""Where one is signed in, and how to end that: one by one, or everywhere else at once."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import signing_out
from marketplace.accounts.forms import PressForm
from marketplace.accounts.models import Account
from marketplace.accounts.session import Visit, current_account, remember_visit, signed_in, visit
from marketplace.kit.languages import _

bp = Blueprint("devices", __name__, url_prefix="/account/devices")
bp.after_app_request(remember_visit)


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    here, account = me()
    return render_template(
        "accounts/devices.html",
        sign_ins=signing_out.sign_ins_of(account.id),
        current=here.sign_in_id,
        lasts=signing_out.LASTS.days,
        form=PressForm(formdata=None),
    )


@bp.post("/<int:sign_in_id>/end")
@signed_in
def end(sign_in_id: int) -> ResponseReturnValue:
    if not PressForm().validate():
        abort(400)
    _here, account = me()
    if not signing_out.end(account.id, sign_in_id, by=f"buyer:{account.code}"):
        flash("その端末は、もうログアウトしています。")
    else:
        flash("その端末をログアウトしました。")
    return redirect(url_for("devices.index"), 303)


@bp.post("/end-others")
@signed_in
def end_others() -> ResponseReturnValue:
    if not PressForm().validate():
        abort(400)
    here, account = me()
    count = signing_out.end_others(account.id, here.sign_in_id, by=f"buyer:{account.code}")
    flash(
        _("ほかの%(count)s台をログアウトしました。", count=count)
        if count
        else "ほかにログインしている端末はありません。"
    )
    return redirect(url_for("devices.index"), 303)


def me() -> tuple[Visit, Account]:
    here, account = visit(), current_account()
    assert here is not None
    assert account is not None, "signed_in lets nobody else in"
    return here, account
