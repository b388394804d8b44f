"""The first buyer's pages: propose, appeal, agree; and for whoever holds the right, the name they let be shown."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, signed_in
from marketplace.kit.clock import now
from marketplace.kit.forms import Form
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.naming import agreeing, proposing, rules, showing
from marketplace.naming.forms import AgreeForm, AppealForm, ClickForm, NamesForm, ShownForm
from marketplace.naming.models import Naming, NamingState, ProposedName
from marketplace.naming.screening import minutes_of
from marketplace.perks.holding import holds

bp = Blueprint("my_namings", __name__, url_prefix="/mypage/namings")


@bp.get("/<code>")
@signed_in
def show(code: str) -> ResponseReturnValue:
    return page(seen(code))


@bp.post("/<code>/names")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def propose(code: str) -> ResponseReturnValue:
    row, form = first_buyers(code), NamesForm()
    if not form.validate():
        return page(row, names=form), 422
    names, faults = rules.wishes(form.typed())
    if faults:
        for fault in faults:
            form.refuse(fault)
        return page(row, names=form), 422
    try:
        proposing.propose(row.id, me().id, names)
    except Refused as refusal:
        form.refuse(refusal)
        return page(seen(code), names=form), refusal.status
    return done(code, "愛称の案を受け付けました。審査の結果をメールでお知らせします。")


@bp.post("/<code>/appeal")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def appeal(code: str) -> ResponseReturnValue:
    row, form = first_buyers(code), AppealForm()
    try:
        if form.validate():
            proposing.appeal(row.id, me().id, form.text.data or "")
            return done(code, "不服の申し出を受け付けました。もう一度、審査します。")
    except Refused as refusal:
        form.refuse(refusal)
    return page(seen(code), appeal=form), 422


@bp.post("/<code>/take-back")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def take_back(code: str) -> ResponseReturnValue:
    row = first_buyers(code)
    if not ClickForm().validate():
        return page(row), 422
    appealed = row.state == NamingState.APPEALED
    try:
        proposing.take_back(row.id, me().id)
    except Refused as refusal:
        flash(str(refusal), "warn")
        return redirect(url_for("my_namings.show", code=code), 303)
    return done(code, "不服の申し出を取り下げました。" if appealed else "愛称の案を取り下げました。")


@bp.post("/<code>/agree")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def agree(code: str) -> ResponseReturnValue:
    row, form = first_buyers(code), AgreeForm()
    if form.validate() and form.begins_on.data:
        agreeing.agree(row.id, me().id, begins_on=form.begins_on.data)
        return done(code, "協定に同意しました。町の決裁が終わると、愛称が公開されます。")
    return page(row), 422


@bp.post("/<code>/shown")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def shown(code: str) -> ResponseReturnValue:
    row, form = seen(code), ShownForm()
    try:
        if form.validate():
            showing.show(row, me().id, form.shown.data or "")
            return done(code, "公開するお名前を変えました。" if form.shown.data else "お名前を出さないようにしました。")
    except Refused as refusal:
        form.refuse(refusal)
    return page(seen(code), shown=form), 422


def page(row: Naming, **forms: Form) -> str:
    own = row.account_id == me().id
    holding = holds(me().id, row.token)
    kept = showing.own(row, me().id)
    filled = ShownForm(formdata=None, data={"shown": kept.name if kept else ""})
    names = proposing.proposed(row) if own else []
    return render_template(
        "naming/mine.html",
        naming=row,
        right=row.token.right,
        own=own,
        holding=holding,
        place=agreeing.place_of(row),
        proposed=names,
        appealed=proposing.appealed(row) if own else None,
        minutes=minutes_of(row) if own else [],
        names=forms.get("names", NamesForm(formdata=None, data=typed_before(row, names))),
        in_time=now() <= row.answer_by,
        appeal=forms.get("appeal", AppealForm(formdata=None)),
        shown=forms.get("shown", filled),
        stopped=kept.stopped if kept else "",
    )


def typed_before(row: Naming, names: Sequence[ProposedName]) -> dict[str, str]:
    """What was taken back is there to be mended."""
    if row.state != NamingState.INVITED:
        return {}
    return {f"{part}_{each.rank}": getattr(each, part) for each in names for part in ("name", "reading", "meaning")}


def seen(code: str) -> Naming:
    """For the first buyer and the present holder; LookupError for others."""
    row = proposing.naming_of(code)
    if row.account_id != me().id and not holds(me().id, row.token):
        raise LookupError(f"naming {code}")
    return row


def first_buyers(code: str) -> Naming:
    """NotTheFirstBuyer for a later holder."""
    row = seen(code)
    if row.account_id != me().id:
        raise rules.NotTheFirstBuyer
    return row


def done(code: str, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("my_namings.show", code=code), 303)
