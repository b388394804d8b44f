"""The pages of signing in with an account elsewhere. Where no provider is set they are not there."""

from __future__ import annotations

import hmac
from functools import wraps

from flask import Blueprint, abort, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from marketplace.accounts import joining, oidc
from marketplace.accounts.entrance import HOME, enter
from marketplace.accounts.forms import PressForm
from marketplace.accounts.models import Way
from marketplace.accounts.provider import Provider, provider
from marketplace.accounts.session import P, View, me, signed_in, visitor_id
from marketplace.kit.clock import now
from marketplace.kit.languages import _
from marketplace.kit.limits import limiter
from marketplace.kit.refusals import Refused, Rejected
from marketplace.kit.web import safe_next
from marketplace.settings import settings

bp = Blueprint("outside", __name__)

ASKED, MEANT = "outside.asked", "outside.meant"
"""In the cookie: what was asked of the provider, and whom it said, until the person has decided."""


def where_there_is_one(view: View[P]) -> View[P]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        return view(*args, **kwargs) if settings().oidc_issuer else abort(404)

    return guarded


@bp.get("/signin/outside")
@limiter.limit("20/minute")
@where_there_is_one
def go() -> ResponseReturnValue:
    """To the provider. A link and no form, as our policy lets forms lead nowhere else."""
    asked = oidc.ask(safe_next(request.args.get("next"), HOME))
    session[ASKED] = asked.as_json()
    return redirect(oidc.address(_provider().endpoint(), settings().oidc_client_id, _back(), asked), 303)


@bp.get("/signin/outside/back")
@limiter.limit("20/minute")
@where_there_is_one
def come_back() -> ResponseReturnValue:
    """From the provider, with a code that is good for this browser alone."""
    kept = session.pop(ASKED, None)
    if kept is None or not hmac.compare_digest(kept["state"].encode(), request.args.get("state", "").encode()):
        raise oidc.NotBelieved
    if request.args.get("error"):
        flash(_("ログインを取りやめました。"))
        return redirect("/signin", 303)
    subject = _subject(request.args.get("code", ""), oidc.Asked(**kept))
    account_id = joining.who(subject)
    if account_id is not None and visitor_id() in (None, account_id):
        return enter(account_id, kept["next"], Way.OUTSIDE)
    if visitor_id() is None:  # whom the provider said is forgotten: somebody else may sign in here next
        name = settings().oidc_name
        flash(_("%(name)sとは、まだつながっていません。はじめに、メールでログインしてください。", name=name))
        return redirect("/signin?next=/account/outside", 303)
    session[MEANT] = subject
    return redirect("/account/outside", 303)


@bp.get("/account/outside")
@where_there_is_one
@signed_in
def show() -> ResponseReturnValue:
    return render_template("accounts/outside.html", joined=joining.joined(me().id), meant=MEANT in session)


@bp.post("/account/outside")
@where_there_is_one
@signed_in
def join() -> ResponseReturnValue:
    """The person says so: who left a browser in the middle joins nothing to the account of the next one."""
    if not PressForm().validate() or MEANT not in session:
        abort(400)
    try:
        joining.join(me().id, session.pop(MEANT))
    except Refused as refusal:
        flash(str(refusal), "bad")
    else:
        flash(_("つぎから、%(name)sでもログインできます。", name=settings().oidc_name))
    return redirect("/account/outside", 303)


@bp.post("/account/outside/part")
@where_there_is_one
@signed_in
def part() -> ResponseReturnValue:
    if not PressForm().validate():
        abort(400)
    session.pop(MEANT, None)
    joining.part(me().id)
    flash(_("つながりを外しました。"))
    return redirect("/account/outside", 303)


def _subject(code: str, asked: oidc.Asked) -> str:
    try:
        token, keys = _provider().exchange(code, asked.verifier, _back())
    except Rejected:
        raise oidc.NotBelieved from None
    known = settings()
    return oidc.subject(
        token,
        issuer=known.oidc_issuer,
        client_id=known.oidc_client_id,
        client_secret=known.oidc_client_secret.get_secret_value(),
        keys=keys,
        nonce=asked.nonce,
        at=now(),
    )


def _provider() -> Provider:
    return provider() or abort(404)


def _back() -> str:
    return f"{settings().base_url}/signin/outside/back"
