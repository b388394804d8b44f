"""The office's pages of namings: screening, agreement, sign, end, revocation."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectChoice

from marketplace.accounts.looking import look_at
from marketplace.accounts.session import me, staff
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.kit.forms import Form
from marketplace.kit.refusals import Refused
from marketplace.naming import agreeing, ending, inviting, proposing, revoking, screening, showing
from marketplace.naming.forms import ClickForm, MinutesForm, RevokeForm, SendBackForm, StopForm, TalkForm, TermForm
from marketplace.naming.models import Naming, NamingState
from marketplace.naming.pages import standing, term_of
from marketplace.settings import settings

bp = Blueprint("namings_desk", __name__, url_prefix="/staff/namings")
OURS = (NamingState.PROPOSED, NamingState.APPEALED, NamingState.AGREED, NamingState.LAPSED)
"""States that wait for the office."""


@bp.get("")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    rows = list(db.session.scalars(sa.select(Naming).order_by(Naming.id.desc())))
    waiting = [row for row in rows if row.state in OURS]
    others = [row for row in rows if row.state not in OURS]
    return render_template("naming/desk_index.html", waiting=waiting, others=others)


@bp.get("/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    row = proposing.naming_of(code)
    look_at(row.subject)
    return page(row)


@bp.post("/<code>/decide")
@staff("drafter", "approver")
def decide(code: str) -> ResponseReturnValue:
    row, form = proposing.naming_of(code), MinutesForm()
    ranks = offer(form, row)
    if form.validate():
        try:
            minutes = screening.Minutes(**form.decided(ranks))
            screening.decide(row.id, me().id, minutes, read=form.stage.data or "")
        except Refused as refusal:
            form.refuse(refusal)
            return page(proposing.naming_of(code), minutes=form), refusal.status
        return done(code, "審査の結果を記録しました。買った方にメールでお知らせします。")
    return page(row, minutes=form), 422


@bp.post("/<code>/term")
@staff("drafter", "approver")
def set_term(code: str) -> ResponseReturnValue:
    form = TermForm()
    return acted(
        code, "term", form, "期間を変えました。", lambda row: agreeing.set_term(row.id, me().id, form.begins_on.data)
    )


@bp.post("/<code>/send-back")
@staff("approver")
def send_back(code: str) -> ResponseReturnValue:
    form = SendBackForm()
    return acted(
        code,
        "send_back",
        form,
        "差し戻しました。",
        lambda row: agreeing.send_back(row.id, me().id, form.why.data or ""),
    )


@bp.post("/<code>/conclude")
@staff("approver")
def conclude(code: str) -> ResponseReturnValue:
    return acted(
        code,
        "click",
        ClickForm(),
        "協定を決裁しました。愛称を公開しました。",
        lambda row: agreeing.conclude(row.id, me().id),
    )


@bp.post("/<code>/invite")
@staff("drafter", "approver")
def invite(code: str) -> ResponseReturnValue:
    return acted(
        code,
        "click",
        ClickForm(),
        "もう一度、案をお願いしました。",
        lambda row: inviting.invite_again(row.id, me().id),
    )


@bp.post("/<code>/talk")
@staff("drafter", "approver")
def talk(code: str) -> ResponseReturnValue:
    form = TalkForm()
    return acted(
        code,
        "talk",
        form,
        "相談の結果を記録しました。",
        lambda row: ending.talked(row.id, me().id, form.renewal.data or ""),
    )


@bp.post("/<code>/shown/stop")
@staff("drafter", "approver")
def stop_showing(code: str) -> ResponseReturnValue:
    form = StopForm()
    words = "お名前の公開を止めました。持ち主にメールでお知らせします。"
    return acted(
        code,
        "stop",
        form,
        words,
        lambda row: showing.stop(row.id, me().id, form.read.data or "", form.why.data or ""),
    )


@bp.post("/<code>/shown/again")
@staff("drafter", "approver")
def let_show_again(code: str) -> ResponseReturnValue:
    words = "持ち主が、もう一度お名前を入れられるようにしました。"
    return acted(code, "click", ClickForm(), words, lambda row: showing.let_show_again(row.id, me().id))


@bp.post("/<code>/revocation")
@staff("drafter", "approver")
def ask_revocation(code: str) -> ResponseReturnValue:
    form = RevokeForm()
    return acted(
        code,
        "revoke",
        form,
        "取り消しを申し出ました。もうひとりの確認を待ちます。",
        lambda row: revoking.ask(row.id, me().id, form.reason.data or ""),
    )


@bp.post("/<code>/revocation/<int:revocation_id>/confirm")
@staff("approver")
def confirm_revocation(code: str, revocation_id: int) -> ResponseReturnValue:
    return acted(
        code,
        "click",
        ClickForm(),
        "取り消しました。買った方にメールでお知らせします。",
        lambda row: revoking.confirm(row.id, me().id, read=revocation_id),
    )


@bp.post("/<code>/revocation/<int:revocation_id>/withdraw")
@staff("drafter", "approver")
def withdraw_revocation(code: str, revocation_id: int) -> ResponseReturnValue:
    return acted(
        code,
        "click",
        ClickForm(),
        "取り消しの申し出をやめました。",
        lambda row: revoking.withdraw(row.id, me().id, read=revocation_id),
    )


@bp.get("/<code>/sign.pdf")
@staff("drafter", "approver")
def print_sign(code: str) -> ResponseReturnValue:
    """For the printer; only a name that was announced has a sign."""
    response = Response(sign_of(standing(code)), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{code}-sign.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def sign_of(row: Naming) -> bytes:
    from marketplace.papers.sign import sign  # noqa: PLC0415 -- what sets type is slow to import

    town, place = settings(), agreeing.place_of(row)
    return sign(
        row.name,
        row.reading,
        [place.name if place else "", f"愛称の期間 {term_of(row)}"],
        f"{town.base_url}{row.path}",
        issuer=town.town_name,
        caption="いまの持ち主と、これまでの経過",
    )


def acted(code: str, name: str, form: Form, words: str, act: Callable[[Naming], None]) -> ResponseReturnValue:
    """Do it where the form is whole; else the page again, with what was typed and why not."""
    row = proposing.naming_of(code)
    if not form.validate():
        return page(row, **{name: form}), 422
    try:
        act(row)
    except Refused as refusal:
        form.refuse(refusal)
        return page(proposing.naming_of(code), **{name: form}), refusal.status
    return done(code, words)


def page(row: Naming, **forms: Form) -> str:
    names = proposing.proposed(row)
    minutes = forms.get("minutes")
    if minutes is None:
        minutes = MinutesForm(formdata=None, data={"held_on": jst(now()).date()})
        offer(minutes, row)
    kept = showing.of_holder(row)
    stop = forms.get("stop", StopForm(formdata=None))
    assert isinstance(stop, StopForm)
    stop.read.data = kept.name if kept else ""  # it stands there now, also where it was another one that was read
    return render_template(
        "naming/desk.html",
        naming=row,
        right=row.token.right,
        names=names,
        doubts={each.rank: screening.doubts(row, each.name) for each in names},
        appeal=proposing.appealed(row),
        taken_back=proposing.took_appeal_back(row),
        stage=screening.stage(row),
        meetings=screening.minutes_of(row),
        place=agreeing.place_of(row),
        revocation=revoking.asked_for(row.id),
        actor=me(),
        choosers=agreeing.choosers(row),
        minutes=minutes,
        failed=next((form for name, form in forms.items() if form.errors), None),
        term=forms.get("term", TermForm(formdata=None, data={"begins_on": row.begins_on})),
        send_back=forms.get("send_back", SendBackForm(formdata=None)),
        talk=forms.get("talk", TalkForm(formdata=None, data={"renewal": row.renewal})),
        revoke=forms.get("revoke", RevokeForm(formdata=None)),
        kept=kept,
        stop=stop,
    )


def offer(form: Form, row: Naming) -> list[int]:
    """The names of the round as choices; their ranks. Fields of names that there are not are taken out."""
    names = proposing.proposed(row)
    form.chosen.choices = [SelectChoice(str(each.rank), f"「{each.name}」を認める") for each in names]
    form.chosen.choices.append(SelectChoice("none", "どの案も認めない"))
    for rank in range(len(names) + 1, 4):
        del form[f"checks_{rank}"]
        del form[f"reason_{rank}"]
    return [each.rank for each in names]


def done(code: str, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("namings_desk.show", code=code), 303)
