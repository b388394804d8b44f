"""The office's pages of appointments: what waits for an answer, one appointment, and its deeds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.looking import look_at
from marketplace.accounts.session import me, staff
from marketplace.appointments import arranging, asking, calendar, counting, forms, rules, settling
from marketplace.appointments.forms import HeldForm, OfferForm, PickForm, RoomForm, WhyForm
from marketplace.appointments.mine import ics
from marketplace.appointments.models import Appointment, AppointmentState, begun
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.forms import Form
from marketplace.kit.paging import leaf
from marketplace.kit.refusals import Invalid, Refused
from marketplace.tokens.using import uses_left

bp = Blueprint("appointments_desk", __name__, url_prefix="/staff/appointments")
OURS = (AppointmentState.REQUESTED, AppointmentState.OBJECTED)
"""States that wait for the office; and what was to be held by now."""
PAGE = 50


@bp.get("")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    over = begun()
    ours = sa.or_(Appointment.state.in_(OURS), over)
    coming = sa.select(Appointment).where(
        Appointment.state == AppointmentState.CONFIRMED, Appointment.starts_at > now()
    )
    others = sa.select(Appointment).where(sa.not_(ours), Appointment.state != AppointmentState.CONFIRMED)
    return render_template(
        "appointments/desk_index.html",
        waiting=list(db.session.scalars(sa.select(Appointment).where(ours).order_by(Appointment.changed_at))),
        coming=list(db.session.scalars(coming.order_by(Appointment.starts_at))),
        leaf=leaf(others.order_by(Appointment.id.desc()), PAGE),
    )


@bp.get("/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    row = asking.appointment_of(code)
    look_at(row.subject)
    return page(row)


@bp.get("/<code>.ics")
@staff("drafter", "approver")
def calendar_file(code: str) -> ResponseReturnValue:
    return ics(asking.appointment_of(code))


@bp.post("/<code>/fix")
@staff("drafter", "approver")
def fix(code: str) -> ResponseReturnValue:
    form = PickForm()

    def act(row: Appointment) -> None:
        if (moment := form.moment()) is None:
            raise Invalid("日時を選んでください。")
        arranging.confirm(row.id, me().id, moment)

    return acted(code, "pick", form, "日程を決めました。持ち主にメールでお知らせします。", act)


@bp.post("/<code>/offer")
@staff("drafter", "approver")
def offer(code: str) -> ResponseReturnValue:
    form = OfferForm()
    words = "別の日程を提案しました。持ち主にメールでお知らせします。"
    return acted(
        code, "offer", form, words, lambda row: arranging.offer(row.id, me().id, form.starts(), form.why.data or "")
    )


@bp.post("/<code>/room")
@staff("drafter", "approver")
def room(code: str) -> ResponseReturnValue:
    form = RoomForm()
    words = "入り方をメールで送りました。"
    return acted(code, "room", form, words, lambda row: arranging.open_room(row.id, me().id, form.entrance.data or ""))


@bp.post("/<code>/refuse")
@staff("drafter", "approver")
def refuse(code: str) -> ResponseReturnValue:
    form = WhyForm()
    words = "お断りしました。理由をメールでお知らせします。"
    return acted(code, "why", form, words, lambda row: arranging.refuse(row.id, me().id, form.why.data or ""))


@bp.post("/<code>/cancel")
@staff("drafter", "approver")
def cancel(code: str) -> ResponseReturnValue:
    form = WhyForm()
    words = "取り消しました。回数は数えません。"
    return acted(code, "why", form, words, lambda row: arranging.cancel(row.id, me().id, form.why.data or ""))


@bp.post("/<code>/held")
@staff("drafter", "approver")
def held(code: str) -> ResponseReturnValue:
    form = HeldForm()
    words = "終わったことを記録しました。持ち主に確認をお願いします。"
    return acted(code, "held", form, words, lambda row: settling.held(row.id, me().id, form.count()))


@bp.post("/<code>/settle")
@staff("drafter", "approver")
def settle(code: str) -> ResponseReturnValue:
    form = WhyForm()
    words = "回数を数えました。持ち主にメールでお知らせします。"
    return acted(code, "why", form, words, lambda row: settling.settle(row.id, me().id, form.why.data or ""))


def acted(code: str, name: str, form: Form, words: str, act: Callable[[Appointment], None]) -> ResponseReturnValue:
    """Do it where the form is whole; else the page again, with what was typed and why not."""
    row = asking.appointment_of(code)
    if not form.validate():
        return page(row, **{name: form}), 422
    try:
        act(row)
    except Refused as refusal:
        form.refuse(refusal)
        return page(asking.appointment_of(code), **{name: form}), refusal.status
    flash(words)
    return redirect(url_for("appointments_desk.show", code=code), 303)


def page(row: Appointment, **filled: Form) -> str:
    held_form = filled.get("held", HeldForm(formdata=None, data={"uses": str(row.done_uses or row.uses)}))
    held_form.uses.choices = forms.choices(range(1, rules.MOST_USES + 1), row.minutes)
    return render_template(
        "appointments/desk.html",
        row=row,
        right=row.token.right,
        candidates=[(start, obstacle(row, start)) for start in asking.dates_of(row)],
        left=counting.left(row.token),
        pledged=counting.pledged(row.token_id),
        on_chain=uses_left(row.token_id),
        over=row.starts_at is not None and row.starts_at <= now(),
        failed=next((form for form in filled.values() if form.errors), None),
        offer=filled.get("offer", OfferForm(formdata=None)),
        room=filled.get("room", RoomForm(formdata=None, data={"entrance": row.entrance})),
        why=filled.get("why", WhyForm(formdata=None)),
        held=held_form,
    )


def obstacle(row: Appointment, start: datetime) -> str:
    """Why a wished date can't be fixed any more, '' where it can."""
    if start <= now():
        return "過ぎました"
    return "" if calendar.free(row.lecturer_id, start, row.lasts) else "別の予定が入っています"
