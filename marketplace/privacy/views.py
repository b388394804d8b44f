"""個人情報の取り扱い for everybody, and for each person what is known of them: to take along, or to have deleted."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, me, sign_out, signed_in
from marketplace.blobs import keeping as blobs
from marketplace.holders import giving_up
from marketplace.kit.db import db
from marketplace.kit.erasures import ERASURES
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.kit.web import conditional
from marketplace.privacy import desk, exporting, forgetting
from marketplace.privacy.forms import AskForm, ForgetForm, GiveUpForm
from marketplace.privacy.models import Export
from marketplace.privacy.register import FILES, VERSIONS, filled
from marketplace.tokens.models import TokenState

bp = Blueprint("privacy", __name__)
BLUEPRINTS = (bp, desk.bp)


@bp.get("/privacy")
def policy() -> ResponseReturnValue:
    erasures = sorted(ERASURES.values(), key=lambda each: each.name)
    page = render_template(
        "privacy/policy.html", files=FILES, erasures=erasures, filled=filled, versions=VERSIONS[::-1]
    )
    return conditional(page, max_age=1, private=current_account() is not None)


@bp.get("/account/data")
@signed_in
def data() -> ResponseReturnValue:
    return data_page()


@bp.post("/account/data")
@limiter.limit("10/minute", key_func=each_account)
@signed_in
def ask() -> ResponseReturnValue:
    if not AskForm().validate():
        abort(400)
    try:
        exporting.ask(me().id)
    except Refused as refusal:
        flash(str(refusal), "warn")
    else:
        flash("書き出しを受け付けました。できると、メールでお知らせします。ふつう1分もかかりません。")
    return redirect(url_for("privacy.data"), 303)


@bp.get("/account/data/<int:export_id>.zip")
@signed_in
def download(export_id: int) -> Response:
    row = db.session.get(Export, export_id)
    if row is None or row.blob_id is None or row not in exporting.exports_of(me().id):
        abort(404)
    response = Response(blobs.read(row.blob_id), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="hiroba-{me().code}.zip"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/account/delete")
@signed_in
def see() -> ResponseReturnValue:
    return delete_page(ForgetForm(formdata=None), GiveUpForm(formdata=None))


@bp.post("/account/delete")
@limiter.limit("10/minute", key_func=each_account)
@signed_in
def delete() -> ResponseReturnValue:
    form = ForgetForm()
    if not form.validate():
        return delete_page(form, GiveUpForm(formdata=None)), 422
    try:
        forgetting.forget(me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return delete_page(form, GiveUpForm(formdata=None)), refusal.status
    sign_out()
    return redirect(url_for("privacy.gone"), 303)


@bp.get("/account/deleted")
def gone() -> ResponseReturnValue:
    return render_template("privacy/gone.html")


@bp.post("/account/delete/give-up")
@limiter.limit("10/minute", key_func=each_account)
@signed_in
def give_up() -> ResponseReturnValue:
    """Every right in custody; one that something binds stays, with the reason."""
    form = GiveUpForm()
    if not form.validate():
        return delete_page(ForgetForm(formdata=None), form), 422
    account_id = me().id
    for token_id in [each.token_id for each in giving_up.held_for(account_id) if each.state == TokenState.HELD]:
        try:
            giving_up.give_up(token_id, account_id)
        except giving_up.GivingUp:
            continue  # pressed twice
        except Refused as refusal:
            form.refuse(refusal)
    if form.errors:
        return delete_page(ForgetForm(formdata=None), form), 409
    flash("手放す手続きを始めました。終わると、この一覧から消えます。")
    return redirect(url_for("privacy.see"), 303)


def data_page() -> str:
    account = me()
    return render_template(
        "privacy/data.html", form=AskForm(formdata=None), exports=exporting.exports_of(account.id), files=FILES
    )


def delete_page(form: ForgetForm, give_up: GiveUpForm) -> str:
    account = me()
    return render_template(
        "privacy/delete.html",
        form=form,
        give_up=give_up,
        tokens=giving_up.held_for(account.id),
        obstacles=forgetting.obstacles(account.id),
        kept=forgetting.kept(account.id),
    )
