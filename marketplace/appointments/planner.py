"""The office's calendar: a lecturer's week at a glance, time that is not to be had, and who speaks for which right."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectChoice

from marketplace.accounts.session import me, staff
from marketplace.appointments import calendar
from marketplace.appointments.forms import AbsenceForm, ClickForm, LectureForm, LecturerForm
from marketplace.appointments.models import SLOT, Absence, Lecturer, LectureRight
from marketplace.appointments.rules import CLOSES, OPENS
from marketplace.kit.clock import JST, jst, now
from marketplace.kit.db import db
from marketplace.kit.forms import Form
from marketplace.kit.holidays import closed
from marketplace.kit.refusals import Refused
from marketplace.listings.drafting import staff_name
from marketplace.rights.models import Kind, Right, RightState

bp = Blueprint("planner", __name__, url_prefix="/staff/lecturers")
WEEK = timedelta(days=7)


@bp.get("")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    return page()


@bp.post("")
@staff("drafter", "approver")
def put_lecturer() -> ResponseReturnValue:
    form = LecturerForm()
    try:
        if form.validate():
            calendar.put_lecturer(form.name.data or "", _by())
            return _done("登録しました。")
    except Refused as refusal:
        form.refuse(refusal)
    return page(lecturer=form), 422


@bp.post("/rights")
@staff("drafter", "approver")
def name_lecturer() -> ResponseReturnValue:
    form = chosen(LectureForm())
    try:
        if form.validate():
            calendar.name_lecturer(int(form.right.data), int(form.lecturer.data), form.minutes.data, _by())
            return _done("お話しする人を決めました。")
    except Refused as refusal:
        form.refuse(refusal)
    return page(lecture=form), 422


@bp.post("/absences")
@staff("drafter", "approver")
def take_off() -> ResponseReturnValue:
    form = chosen(AbsenceForm())
    try:
        if form.validate():
            span = (form.starts_at.data, form.ends_at.data)
            calendar.take_off(int(form.lecturer.data), *span, form.why.data or "", _by())
            return _done("予定を入れました。")
    except Refused as refusal:
        form.refuse(refusal)
    return page(absence=form), 422


@bp.post("/absences/<int:absence_id>/delete")
@staff("drafter", "approver")
def give_back(absence_id: int) -> ResponseReturnValue:
    if not ClickForm().validate():
        abort(400)
    calendar.give_time_back(absence_id, _by())
    return _done("予定を取り消しました。")


def page(**filled: Form) -> str:
    people = lecturers()
    wanted = request.args.get("lecturer", "")
    lecturer = next((each for each in people if each.code == wanted), people[0] if people else None)
    monday = calendar.week_of(_day() or _working_day(jst(now()).date()))
    busy = calendar.busy(lecturer.id, monday[0], monday[-1]) if lecturer else {}
    away = sa.select(Absence).where(Absence.ends_at > now()).order_by(Absence.starts_at)
    named = sa.select(LectureRight).order_by(LectureRight.right_id.desc())
    return render_template(
        "appointments/planner.html",
        people=people,
        names={each.id: each.name for each in people},
        lecturer=lecturer,
        days=[(day, closed(day)) for day in monday],
        hours=[(start, [busy.get(start_on(day, start)) for day in monday]) for start in starts()],
        before=monday[0] - WEEK,
        after=monday[0] + WEEK,
        absences=list(db.session.scalars(away)),
        named=list(db.session.scalars(named)),
        lecturer_form=filled.get("lecturer", LecturerForm(formdata=None)),
        lecture_form=filled.get("lecture") or chosen(LectureForm(formdata=None, data={"minutes": 60})),
        absence_form=filled.get("absence") or chosen(AbsenceForm(formdata=None)),
        failed=next((form for form in filled.values() if form.errors), None),
    )


def starts() -> list[datetime]:
    """The slots of a day, on any day."""
    at, found = datetime(2000, 1, 3, OPENS.hour, tzinfo=JST), []
    while at.time() < CLOSES:
        found.append(at)
        at += SLOT
    return found


def start_on(day: date, start: datetime) -> datetime:
    return datetime.combine(day, start.time(), JST)


def chosen(form: Form) -> Form:
    """With the people and the rights that there are to choose from."""
    form.lecturer.choices = [SelectChoice(str(each.id), each.name) for each in lecturers()]
    if "right" in form:
        lectures = (Right.kind == Kind.LECTURE, Right.state == RightState.APPROVED)
        rights = db.session.scalars(sa.select(Right).where(*lectures).order_by(Right.id.desc()))
        form.right.choices = [SelectChoice(str(right.id), right.title_ja) for right in rights]
    return form


def lecturers() -> list[Lecturer]:
    return list(db.session.scalars(sa.select(Lecturer).order_by(Lecturer.id)))


def _working_day(today: date) -> date:
    """From Saturday on, the coming week is of interest."""
    return today + timedelta(days=7 - today.weekday()) if today.weekday() > 4 else today


def _day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        return None


def _done(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("planner.index"), 303)


def _by() -> str:
    return staff_name(me().id)
