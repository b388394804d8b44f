"""The page on which people confirm a mobile number."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import phoning
from marketplace.accounts.forms import NumberCodeForm, NumberForm
from marketplace.accounts.session import current_account, signed_in, visitor_id
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.kit.web import safe_next

bp = Blueprint("telephone", __name__)


@bp.get("/account/phone")
@signed_in
def show() -> ResponseReturnValue:
    if "next" in request.args:
        session["after_phone"] = safe_next(request.args["next"], "/account")
    return page(NumberForm(formdata=None), NumberCodeForm(formdata=None))


@bp.post("/account/phone")
@limiter.limit("10/minute")
@signed_in
def ask() -> ResponseReturnValue:
    form = NumberForm()
    if form.validate():
        try:
            session["number"] = phoning.ask(my_id(), form.number.data or "")
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("telephone.show"), 303)
    return page(form, NumberCodeForm(formdata=None)), 422


@bp.post("/account/phone/code")
@limiter.limit("10/minute", key_func=each_account)
@signed_in
def prove() -> ResponseReturnValue:
    form = NumberCodeForm()
    if form.validate():
        try:
            phoning.prove(my_id(), form.code.data or "")
        except Refused as refusal:
            form.refuse(refusal)
        else:
            session.pop("number", None)
            flash("携帯電話番号を確認しました。")
            return redirect(session.pop("after_phone", "/account"), 303)
    return page(NumberForm(formdata=None), form), 422


def my_id() -> int:
    account_id = visitor_id()
    assert account_id is not None, "signed_in lets nobody else in"
    return account_id


def page(number: NumberForm, code: NumberCodeForm) -> str:
    """With its forms; where the town has no gateway, with the sentence that it takes none instead of them."""
    about = {"asked": session.get("number"), "account": current_account(), "refusal": phoning.closed()}
    return render_template("accounts/phone.html", number=number, code=code, **about)
