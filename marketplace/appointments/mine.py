"""The holder's pages: ask for a date, answer the town, confirm what was held, and take it into a calendar."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, signed_in
from marketplace.appointments import asking, calendar, counting, forms, rules, settling
from marketplace.appointments.forms import AskForm, ClickForm, DatesForm, ObjectForm, PickForm
from marketplace.appointments.ics import event
from marketplace.appointments.models import Appointment, AppointmentState
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.forms import Form
from marketplace.kit.languages import _
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.perks.holding import holds, token_of
from marketplace.rights.models import Kind
from marketplace.settings import settings
from marketplace.tokens.freezing import frozen
from marketplace.tokens.models import Token
from marketplace.tokens.using import uses_left

bp = Blueprint("my_appointments", __name__, url_prefix="/mypage/appointments")


@bp.route("/of/<int:token_id>", methods=["GET", "POST"])
@limiter.limit("20/minute", methods=["POST"], key_func=each_account)
@signed_in
def ask(token_id: int) -> ResponseReturnValue:
    token, form = own(token_id), AskForm()
    if not form.is_submitted():
        return ask_page(token, form)
    try:
        if form.validate():
            online = form.where.data != "place"
            wish = asking.Wish(form.topic.data or "", online, form.place.data or "", form.count(), form.starts())
            code = db.session.get_one(Appointment, asking.ask(token_id, me().id, wish)).code
            flash("希望の日時を受け付けました。お返事をメールでお送りします。")
            return redirect(url_for("my_appointments.show", code=code), 303)
    except Refused as refusal:
        form.refuse(refusal)
    return ask_page(own(token_id), form), 422


def ask_page(token: Token, form: AskForm) -> str:
    try:
        lecture = calendar.lecture_of(token.right_id)
    except rules.NoLecturer as none:
        lecture, why = None, str(none)
    else:
        why = str(frozen(token) or "")
    left, pledged = counting.left(token), counting.pledged(token.token_id)
    minutes = lecture.minutes if lecture else 60
    most = rules.MOST_USES if left is None else min(rules.MOST_USES, max(0, left - pledged))
    form.uses.choices = forms.choices(range(1, most + 1), minutes)
    rows = sa.select(Appointment).where(Appointment.token_id == token.token_id, Appointment.account_id == me().id)
    return render_template(
        "appointments/ask.html",
        token=token,
        right=token.right,
        lecture=lecture,
        why=why or ("" if most else "のこりの回数がありません。決まっている日程が終わると、また選べることがあります。"),
        form=form,
        left=left,
        pledged=pledged,
        on_chain=uses_left(token.token_id),
        lead=rules.LEAD.days,
        rows=list(db.session.scalars(rows.order_by(Appointment.id.desc()))),
    )


@bp.get("/<code>")
@signed_in
def show(code: str) -> ResponseReturnValue:
    return page(seen(code))


@bp.post("/<code>/accept")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def accept(code: str) -> ResponseReturnValue:
    row, form = seen(code), PickForm()
    moment = form.moment()
    if not form.validate() or moment is None:
        abort(400)
    try:
        asking.accept(row.id, me().id, moment)
    except Refused as refusal:
        return page(seen(code), refusal=refusal), refusal.status
    return done(code, "日程が決まりました。")


@bp.post("/<code>/dates")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def ask_again(code: str) -> ResponseReturnValue:
    row, form = seen(code), DatesForm()
    try:
        if form.validate():
            asking.ask_again(row.id, me().id, form.starts())
            return done(code, "新しい希望の日時を受け付けました。お返事をメールでお送りします。")
    except Refused as refusal:
        form.refuse(refusal)
    return page(seen(code), dates=form), 422


@bp.post("/<code>/cancel")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def cancel(code: str) -> ResponseReturnValue:
    row = seen(code)
    if not ClickForm().validate():
        abort(400)
    try:
        asking.cancel(row.id, me().id)
    except Refused as refusal:
        return page(seen(code), refusal=refusal), refusal.status
    return done(code, "取り消しました。回数は減りません。")


@bp.post("/<code>/confirm")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def confirm(code: str) -> ResponseReturnValue:
    row = seen(code)
    if not ClickForm().validate():
        abort(400)
    try:
        settling.confirm(row.id, me().id)
    except Refused as refusal:
        return page(seen(code), refusal=refusal), refusal.status
    return done(code, "ご確認ありがとうございました。")


@bp.post("/<code>/object")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def object_to(code: str) -> ResponseReturnValue:
    row, form = seen(code), ObjectForm()
    try:
        if form.validate():
            settling.object_to(row.id, me().id, form.text.data or "")
            return done(code, "お知らせを受け付けました。職員が確かめて、ご連絡します。")
    except Refused as refusal:
        form.refuse(refusal)
    return page(seen(code), objection=form), 422


@bp.get("/<code>.ics")
@signed_in
def calendar_file(code: str) -> ResponseReturnValue:
    return ics(seen(code))


def ics(row: Appointment) -> Response:
    """The file of a date that is fixed, or was and is cancelled; 404 where there is none."""
    if row.starts_at is None:
        abort(404)
    town = settings()
    data = event(
        f"{row.code}@{town.base_url.split('://')[-1].split(':')[0]}",
        row.sequence,
        row.starts_at,
        row.lasts,
        row.changed_at,
        summary=_("%(name)sの講演・相談", name=row.lecturer.name),
        location=(row.entrance or _("オンライン")) if row.online else row.place,
        description=_("%(town)s %(title)s\n番号 %(no)s", town=town.town_name, title=row.token.right.title, no=row.code),
        cancelled=row.state == AppointmentState.CANCELLED,
    )
    response = Response(data, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'attachment; filename="{row.code}.ics"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def page(row: Appointment, refusal: Refused | None = None, **filled: Form) -> str:
    token = row.token
    return render_template(
        "appointments/mine.html",
        row=row,
        right=token.right,
        refusal=refusal,
        candidates=asking.dates_of(row),
        at_now=now(),
        left=counting.left(token),
        on_chain=uses_left(token.token_id),
        until=row.done_at + settling.TO_ANSWER if row.done_at else None,
        dates=filled.get("dates", DatesForm(formdata=None)),
        objection=filled.get("objection", ObjectForm(formdata=None)),
        moves=rules.MOST_MOVES - row.moves_holder,
    )


def seen(code: str) -> Appointment:
    """The person's own, also of a right that they sold meanwhile; LookupError for others'."""
    row = asking.appointment_of(code)
    if row.account_id != me().id:
        raise LookupError(f"appointment {code}")
    return row


def own(token_id: int) -> Token:
    """A lecture right that this person holds; LookupError for others."""
    token = token_of(token_id)
    if token.right.kind != Kind.LECTURE or not holds(me().id, token):
        raise LookupError(f"token {token_id}")
    return token


def done(code: str, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("my_appointments.show", code=code), 303)
