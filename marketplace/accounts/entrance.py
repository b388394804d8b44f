"""Sign in, sign out, and what the town knows of you."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import passkeys
from marketplace.accounts.addresses import MistypedAddress, check_spelling
from marketplace.accounts.forms import AskForm, CodeForm, PasskeyForm, PressForm, SelfForm
from marketplace.accounts.introducing import introduce
from marketplace.accounts.models import Account, StaffRole, Way
from marketplace.accounts.rules import normalised
from marketplace.accounts.session import me, roles_of, sign_in, sign_out, signed_in
from marketplace.accounts.signing_in import ask_code, meant_for, prove, redeem
from marketplace.kit.db import db
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.kit.web import safe_next
from marketplace.settings import settings

bp = Blueprint("accounts", __name__)

HOME = "/mypage"
STAFF_HOME = "/staff"


@bp.get("/signin")
def ask() -> ResponseReturnValue:
    form = AskForm(data={"email": request.args.get("email", "")})
    return ask_page(form, safe_next(request.args.get("next"), HOME))


@bp.post("/signin")
@limiter.limit("10/minute")
def mail_code() -> ResponseReturnValue:
    form = AskForm()
    after = safe_next(request.form.get("next"), HOME)
    status = 422
    if form.validate():
        try:
            address = normalised(form.email.data)
            check_spelling(address, sure=form.sure.data or "")
            session["asked"] = ask_code(address, after)
        except MistypedAddress as refusal:
            form.sure.data = address
            form.refuse(refusal)
        except Refused as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            session["next"] = after
            return redirect(url_for("accounts.type_code"), 303)
    return ask_page(form, after), status


def ask_page(form: AskForm, after: str) -> str:
    return render_template(
        "accounts/ask.html",
        form=form,
        passkey=PasskeyForm(formdata=None) if passkeys.available() else None,
        must="passkey" in request.args,
        next=after,
        demo=demo(),
    )


@bp.get("/signin/code")
def type_code() -> ResponseReturnValue:
    if "asked" not in session:
        return redirect(url_for("accounts.ask"), 303)
    return code_page(CodeForm(formdata=None))


@bp.post("/signin/code")
@limiter.limit("10/minute")
def check_code() -> ResponseReturnValue:
    if "asked" not in session:
        return redirect(url_for("accounts.ask"), 303)
    form = CodeForm()
    if form.validate():
        try:
            account_id = prove(session["asked"], form.code.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return enter(account_id, session.get("next"))
    return code_page(form), 422


def code_page(form: CodeForm) -> str:
    return render_template("accounts/code.html", form=form, email=session["asked"], next=session.get("next", HOME))


@bp.get("/signin/link/<token>")
def see_link(token: str) -> ResponseReturnValue:
    """A page with a button: programs that scan mails open links, and must not use them up."""
    return render_template("accounts/link.html", form=PressForm(), token=token, email=meant_for(token), refusal=None)


@bp.post("/signin/link/<token>")
@limiter.limit("10/minute")
def use_link(token: str) -> ResponseReturnValue:
    form = PressForm()
    form.validate()
    try:
        account_id, after = redeem(token)
    except Refused as refusal:
        return render_template("accounts/link.html", form=form, token=token, refusal=refusal), refusal.status
    return enter(account_id, after)


@bp.post("/signout")
def leave() -> ResponseReturnValue:
    sign_out()
    flash("ログアウトしました。")
    return redirect(url_for("accounts.ask"), 303)


@bp.get("/account")
@signed_in
def show() -> ResponseReturnValue:
    account = me()
    return self_page(SelfForm(obj=account))


@bp.post("/account")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def save() -> ResponseReturnValue:
    account, form = me(), SelfForm()
    if form.validate():
        try:
            introduce(account.id, form.name.data or "", form.nickname.data or "", form.prefecture.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("保存しました。")
            return redirect(url_for("accounts.show"), 303)
    return self_page(form), 422


def self_page(form: SelfForm) -> str:
    account = me()
    return render_template("accounts/show.html", form=form, account=account, passkeys=passkeys.offered_to(account.id))


def enter(account_id: int, after: str | None, way: Way = Way.CODE) -> ResponseReturnValue:
    """Signed in, and on to where the person was going: staff without another wish to their desk."""
    sign_in(account_id, way)
    after = safe_next(after, HOME)
    if after == HOME and roles_of(account_id):
        after = STAFF_HOME
    return redirect(after, 303)


def demo() -> list[tuple[str, str]]:
    """In the demo town: (address, who that is) of its staff and a few buyers. They still need the mailed code."""
    if not settings().demo:
        return []
    staff = sa.select(Account).where(Account.id.in_(sa.select(StaffRole.account_id))).order_by(Account.id)
    buyers = sa.select(Account).where(Account.nickname != "").order_by(Account.id).limit(3)
    people = {account.email: account for query in (staff, buyers) for account in db.session.scalars(query)}
    return [(email, account.name or account.nickname or email) for email, account in people.items()]
