"""The office's pages of events: drafting, the list, the door."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.looking import look_at
from marketplace.accounts.session import me, staff
from marketplace.gatherings import booking, drafting, for_whom, stamping
from marketplace.gatherings.forms import CallOffForm, ClickForm, GatheringForm, PassForm
from marketplace.gatherings.models import Gathering, Seat
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.kit.shown import when
from marketplace.kit.tables import csv_file
from marketplace.listings.drafting import staff_name
from marketplace.rights.plans import PlanKind, read_all

bp = Blueprint("gatherings_desk", __name__, url_prefix="/staff/gatherings")
DOOR = ("drafter", "approver", "counter")


@bp.get("")
@staff("drafter", "approver", "counter")
def index() -> ResponseReturnValue:
    found = list(db.session.scalars(sa.select(Gathering).order_by(Gathering.begins_at.desc(), Gathering.id.desc())))
    ids = [row.id for row in found]
    counts, seats = booking.counts_of(ids), seats_in(ids)
    rows = [(row, counts[row.id], seats.get(row.id, 0)) for row in found]
    return render_template("gatherings/desk.html", rows=rows, at=now())


@bp.route("/new", methods=["GET", "POST"])
@staff("drafter")
def new() -> ResponseReturnValue:
    noon = jst(now() + timedelta(days=14)).replace(hour=13, minute=0, second=0, microsecond=0)
    usual = {"begins_at": noon, "ends_at": noon + timedelta(hours=2), "ask_until": noon - timedelta(days=1)}
    form = _form(data={**usual, "seats": 20, "answer_hours": 48, "most_together": 1})
    if not form.is_submitted():
        return render_template("gatherings/edit.html", form=form, gathering=None)
    if form.validate():
        try:
            gathering_id = drafting.draft(form.values(), by())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("下書きを保存しました。ご案内を始めるまで、ほかの方には見えません。")
            return redirect(url_for("gatherings_desk.show", code=_code(gathering_id)), 303)
    return render_template("gatherings/edit.html", form=form, gathering=None), 422


@bp.route("/<code>/edit", methods=["GET", "POST"])
@staff("drafter")
def edit(code: str) -> ResponseReturnValue:
    gathering = booking.gathering_of(code, drafts=True)
    shown = {name: getattr(gathering, name) for name in drafting.FIELDS}
    form = _form(data={**shown, "perk": gathering.perk or "", "seats": seats_of(gathering.id)})
    if not form.is_submitted():
        return _correcting(form, gathering)
    if form.validate():
        try:
            drafting.revise(gathering.id, form.values(), by())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("直しました。")
            return redirect(url_for("gatherings_desk.show", code=code), 303)
    return _correcting(form, gathering), 422


@bp.get("/<code>")
@staff(*DOOR)
def show(code: str) -> ResponseReturnValue:
    return _page(booking.gathering_of(code, drafts=True), PassForm(formdata=None), CallOffForm(formdata=None))


@bp.post("/<code>/announce")
@staff("drafter", "approver")
def announce(code: str) -> ResponseReturnValue:
    gathering = _clicked(code)
    drafting.announce(gathering.id, by())
    flash("ご案内を始めました。")
    return redirect(url_for("gatherings_desk.show", code=code), 303)


@bp.post("/<code>/call-off")
@staff("drafter", "approver")
def call_off(code: str) -> ResponseReturnValue:
    gathering, form = booking.gathering_of(code, drafts=True), CallOffForm()
    if form.validate():
        try:
            drafting.call_off(gathering.id, form.why.data or "", by())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("中止にしました。お申し込みの方みなさんにお知らせします。")
            return redirect(url_for("gatherings_desk.show", code=code), 303)
    return _page(gathering, PassForm(formdata=None), form), 422


@bp.post("/<code>/door")
@staff(*DOOR)
def door(code: str) -> ResponseReturnValue:
    """A pass was read at the door."""
    gathering, form = booking.gathering_of(code), PassForm()
    if form.validate():
        try:
            rsvp = stamping.stamp_by_pass(gathering.id, form.shown.data or "", by())
        except Refused as refusal:
            form.shown.errors = [str(refusal)]
        else:
            flash(f"受け付けました（予約番号 {rsvp.code}）。")
            return redirect(url_for("gatherings_desk.show", code=code, came=rsvp.code), 303)
    form.shown.raw_data = None
    form.shown.data = ""
    return _page(gathering, form, CallOffForm(formdata=None)), 422


@bp.post("/<code>/stamp/<rsvp>")
@staff(*DOOR)
def stamp(code: str, rsvp: str) -> ResponseReturnValue:
    gathering = _clicked(code)
    stamping.stamp(gathering.id, rsvp, by())
    return redirect(url_for("gatherings_desk.show", code=code) + f"#{rsvp}", 303)


@bp.post("/<code>/stamp/<rsvp>/party")
@staff(*DOOR)
def stamp_party(code: str, rsvp: str) -> ResponseReturnValue:
    """Whoever else came with them."""
    gathering = _clicked(code)
    flash(f"お連れの方{stamping.stamp_party(gathering.id, rsvp, by())}人を受け付けました。")
    return redirect(url_for("gatherings_desk.show", code=code), 303)


@bp.post("/<code>/unstamp/<rsvp>")
@staff(*DOOR)
def unstamp(code: str, rsvp: str) -> ResponseReturnValue:
    gathering = _clicked(code)
    stamping.unstamp(gathering.id, rsvp, by())
    return redirect(url_for("gatherings_desk.show", code=code) + f"#{rsvp}", 303)


@bp.get("/<code>.csv")
@staff(*DOOR)
def guests(code: str) -> ResponseReturnValue:
    """The list for the door, to be printed where there is no network."""
    gathering = booking.gathering_of(code, drafts=True)
    found = stamping.list_of(gathering.id)
    look_at(*(row.subject for row in found))
    header = ("予約番号", "呼び名", "お連れ", "状態", "申し込み", "受付")
    rows = [
        (
            row.code,
            row.account.nickname or row.account.name,
            row.companion or None,
            row.state.ja,
            row.asked_at,
            row.attended_at,
        )
        for row in found
    ]
    return csv_file(f"{gathering.code}.csv", header, rows)


def by() -> str:
    return staff_name(me().id)


def seats_of(gathering_id: int) -> int:
    return seats_in([gathering_id]).get(gathering_id, 0)


def seats_in(gathering_ids: Collection[int]) -> dict[int, int]:
    """{gathering: its seats}, of those that have any."""
    rows = sa.select(Seat.gathering_id, sa.func.count()).where(Seat.gathering_id.in_(gathering_ids))
    return {row[0]: row[1] for row in db.session.execute(rows.group_by(Seat.gathering_id))}


def _form(**more: object) -> GatheringForm:
    form = GatheringForm(**more)
    plans = (plan for right in for_whom.rights_to_choose() for plan in read_all(right.perk_plans))
    booked = {plan.id: plan.name for plan in plans if plan.kind is PlanKind.RSVP}
    form.perk.choices = [("", "使わない"), *booked.items()]
    return form


def _correcting(form: GatheringForm, gathering: Gathering) -> str:
    """Who may come, and by which perk, is said there and not asked once it was announced: it stays as it is."""
    perk = dict(form.perk.choices).get(gathering.perk or "", gathering.perk)
    rights = for_whom.chosen(gathering.right_ids)
    return render_template("gatherings/edit.html", form=form, gathering=gathering, rights=rights, perk=perk)


def _clicked(code: str) -> Gathering:
    if not ClickForm().validate():
        abort(400)
    return booking.gathering_of(code, drafts=True)


def _code(gathering_id: int) -> str:
    return db.session.get_one(Gathering, gathering_id).code


def _page(gathering: Gathering, door: PassForm, off: CallOffForm) -> str:
    found = stamping.list_of(gathering.id)
    look_at(*(row.subject for row in found))
    came = request.args.get("came", "")
    return render_template(
        "gatherings/manage.html",
        gathering=gathering,
        counts=booking.counts(gathering.id),
        seats=seats_of(gathering.id),
        guests=found,
        rights=for_whom.chosen(gathering.right_ids),
        door=door,
        off=off,
        today=stamping.is_today(gathering),
        came=came,
        with_them=stamping.expected_with(gathering.id, came) if came else [],
        over=gathering.ends_at <= now(),
        when=when,
    )
