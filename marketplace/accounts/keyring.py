"""The pages of passkeys: one's own, signing in with one, and the way back for staff who lost theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import wraps
from types import MappingProxyType

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import passkeys, recovering
from marketplace.accounts.devices import me
from marketplace.accounts.entrance import enter
from marketplace.accounts.forms import PasskeyForm, PressForm
from marketplace.accounts.models import Way
from marketplace.accounts.session import P, View, sign_in, signed_in
from marketplace.kit.clock import now
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.kit.web import safe_next

bp = Blueprint("passkeys", __name__)

FRESH = timedelta(minutes=15)
"""After this one signs in once more before keys are changed: a screen left open gives nobody a key of their own."""


def freshly(view: View[P]) -> View[P]:
    """For whoever signed in a moment ago, and, where they are staff with a passkey, with that: a mailbox that others
    can read must not be enough to make a key for the desk."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        here, account = me()
        if not passkeys.offered_to(account.id):
            abort(404)
        needs_key = here.way == Way.CODE and passkeys.is_staff(account.id) and bool(passkeys.passkeys_of(account.id))
        if needs_key or now() - here.began_at >= FRESH:
            flash("大切な設定なので、もう一度ログインしてからお進みください。")
            return redirect(url_for("accounts.ask", next="/account/passkeys", passkey=1 if needs_key else None), 303)
        return view(*args, **kwargs)

    return guarded


@bp.get("/account/passkeys")
@signed_in
@freshly
def index() -> ResponseReturnValue:
    return page(PasskeyForm(formdata=None))


@bp.post("/account/passkeys/options")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
@freshly
def options() -> Response:
    return Response(passkeys.registration_options(me()[1].id), mimetype="application/json")


@bp.post("/account/passkeys")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
@freshly
def add() -> ResponseReturnValue:
    form, (here, account) = PasskeyForm(), me()
    if form.validate():
        try:
            passkeys.register(account.id, form.credential.data or "", form.name.data or "", here.sign_in_id)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("パスキーを登録しました。次からは、メールの番号なしでログインできます。")
            return redirect(url_for("passkeys.index"), 303)
    return page(form), 422


@bp.post("/account/passkeys/<int:passkey_id>/rename")
@signed_in
@freshly
def rename(passkey_id: int) -> ResponseReturnValue:
    form = PasskeyForm(prefix=f"k{passkey_id}")
    if form.validate():
        try:
            passkeys.rename(me()[1].id, passkey_id, form.name.data or "")
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("名前を変えました。")
            return redirect(url_for("passkeys.index"), 303)
    return page(PasskeyForm(formdata=None), {passkey_id: form}), 422


@bp.post("/account/passkeys/<int:passkey_id>/remove")
@signed_in
@freshly
def remove(passkey_id: int) -> ResponseReturnValue:
    if not PressForm().validate():
        abort(400)
    try:
        passkeys.remove(me()[1].id, passkey_id)
    except Refused as refusal:
        flash(str(refusal), "warn")
    else:
        flash("パスキーを消しました。端末の側に残っているものも、消してかまいません。")
    return redirect(url_for("passkeys.index"), 303)


@bp.post("/signin/passkey/options")
@limiter.limit("20/minute")
def sign_in_options() -> Response:
    return Response(passkeys.sign_in_options(), mimetype="application/json")


@bp.post("/signin/passkey")
@limiter.limit("20/minute")
def sign_in_with() -> ResponseReturnValue:
    form, after = PasskeyForm(), safe_next(request.form.get("next"), "/mypage")
    try:
        account_id = passkeys.prove(form.credential.data or "") if form.validate() else abort(400)
    except Refused as refusal:
        flash(str(refusal), "warn")
        return redirect(url_for("accounts.ask", next=after), 303)
    return enter(account_id, after, Way.PASSKEY)


@bp.get("/signin/recovery/<token>")
def see_recovery(token: str) -> ResponseReturnValue:
    """A page with a button, as for the mailed link of a sign-in."""
    return render_template("accounts/recovery.html", form=PressForm(formdata=None), token=token, refusal=None)


@bp.post("/signin/recovery/<token>")
@limiter.limit("10/minute")
def use_recovery(token: str) -> ResponseReturnValue:
    form = PressForm()
    try:
        account_id = recovering.redeem(token) if form.validate() else abort(400)
    except Refused as refusal:
        page = render_template("accounts/recovery.html", form=form, token=token, refusal=refusal)
        return page, refusal.status
    sign_in(account_id, Way.RECOVERY)
    session.pop("next", None)
    return redirect(url_for("passkeys.index"), 303)


def page(form: PasskeyForm, renamed: Mapping[int, PasskeyForm] = MappingProxyType({})) -> str:
    """`renamed`: of a key whose new name came back."""
    here, account = me()
    keys = passkeys.passkeys_of(account.id)
    staff = passkeys.is_staff(account.id)
    names = {key.id: PasskeyForm(formdata=None, name=key.name, prefix=f"k{key.id}") for key in keys}
    return render_template(
        "accounts/passkeys.html",
        form=form,
        keys=keys,
        names=names | dict(renamed),
        staff=staff,
        lost=here.way == Way.RECOVERY,
        may_remove=len(keys) > 1 or not staff,
    )
