"""The desk of webhooks: who hears of us, what was sent, and the buttons that send it again."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, make_response, redirect, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Account
from marketplace.accounts.session import me, staff
from marketplace.kit.db import get
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.paging import asked_row
from marketplace.kit.refusals import Refused
from marketplace.webhooks import registering, sending
from marketplace.webhooks.forms import ClickForm, EndpointForm, StopForm
from marketplace.webhooks.models import Endpoint
from marketplace.webhooks.topics import TOPICS

bp = Blueprint("webhooks", __name__, url_prefix="/staff/webhooks")

A_PAGE = 50


@bp.get("")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    return _listed(EndpointForm(formdata=None, topics=list(TOPICS)))


@bp.post("")
@staff("drafter", "approver")
def propose() -> ResponseReturnValue:
    form = EndpointForm()
    if form.validate():
        try:
            made = registering.propose(
                me().id, form.name.data or "", form.url.data or "", form.topics.data or [], form.why.data or ""
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("送り先を登録しました。別の職員の承認をお待ちください。")
            return redirect(f"/staff/webhooks/{get(Endpoint, made).code}", 303)
    return _listed(form), 422


@bp.get("/<code>")
@staff("drafter", "approver", "auditor")
def show(code: str) -> ResponseReturnValue:
    return _page(registering.endpoint_of(code), StopForm(formdata=None))


@bp.post("/<code>/approve")
@staff("approver")
def approve(code: str) -> ResponseReturnValue:
    return _done(code, lambda row: registering.approve(row.id, me().id), "承認しました。鍵を出すと、送り始めます。")


@bp.post("/<code>/secret")
@staff("drafter", "approver")
@limiter.limit("10/minute", key_func=each_account)
def issue(code: str) -> ResponseReturnValue:
    """The secret is on the answer to this one request, and nowhere again."""
    row = registering.endpoint_of(code)
    if not ClickForm().validate():
        abort(400)
    found = registering.issue_secret(row.id, me().id)
    response = make_response(render_template("webhooks/secret.html", endpoint=get(Endpoint, row.id), secret=found))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/<code>/stop")
@staff("drafter", "approver")
def stop(code: str) -> ResponseReturnValue:
    row, form = registering.endpoint_of(code), StopForm()
    if not form.validate():
        return _page(row, form), 422
    return _done(code, lambda each: registering.stop(each.id, form.why.data or "", me().id), "止めました。")


@bp.post("/<code>/<any(resume, end, ping):act>")
@staff("drafter", "approver")
def do(code: str, act: str) -> ResponseReturnValue:
    acts: dict[str, tuple[Callable[[Endpoint], None], str]] = {
        "resume": (lambda row: registering.resume(row.id, me().id), "再開しました。待っていたものから送ります。"),
        "end": (lambda row: registering.end(row.id, me().id), "終わりにしました。"),
        "ping": (lambda row: sending.ping(row.id), "ためしのお知らせを送ります。届いたかどうかは、下の記録に出ます。"),
    }
    return _done(code, *acts[act])


@bp.post("/<code>/deliveries/<message>/replay")
@staff("drafter", "approver")
def replay(code: str, message: str) -> ResponseReturnValue:
    row = registering.endpoint_of(code)
    found = sending.find(row.id, message) or abort(404)
    return _done(code, lambda _row: sending.replay(found.id, me().id), "もう一度送ります。")


def _done(code: str, act: Callable[[Endpoint], None], said: str) -> ResponseReturnValue:
    row = registering.endpoint_of(code)
    if not ClickForm().validate():
        abort(400)
    try:
        act(row)
    except Refused as refusal:
        flash(str(refusal), "bad")
    else:
        flash(said)
    return redirect(f"/staff/webhooks/{code}", 303)


def _listed(form: EndpointForm) -> str:
    return render_template("webhooks/index.html", endpoints=registering.everyone(), form=form, topics=TOPICS)


def _page(row: Endpoint, form: StopForm) -> str:
    found = sending.log_of(row.id, asked_row("before"), A_PAGE + 1)
    return render_template(
        "webhooks/show.html",
        endpoint=row,
        topics=TOPICS,
        deliveries=found[:A_PAGE],
        older=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        counts=sending.counts(row.id),
        asked=get(Account, row.asked_by),
        decided=get(Account, row.decided_by) if row.decided_by else None,
        mine=row.asked_by == me().id,
        form=form,
    )
