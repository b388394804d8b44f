"""What people see of events: what comes up, one of them, and their own booking."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Account
from marketplace.accounts.session import current_account, signed_in
from marketplace.gatherings import booking, desk, letter_pages, poll_pages, visit_pages
from marketplace.gatherings.calendar import ics
from marketplace.gatherings.for_whom import chosen
from marketplace.gatherings.forms import ClickForm
from marketplace.gatherings.models import SEATED, Gathering, RsvpState
from marketplace.gatherings.moving_up import free_counts, free_seats
from marketplace.kit.clock import now
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.small_counts import few
from marketplace.kit.web import conditional

bp = Blueprint("gatherings", __name__, url_prefix="/gatherings")
BLUEPRINTS = (
    *(bp, poll_pages.bp, visit_pages.bp, letter_pages.bp),
    *(desk.bp, poll_pages.desk, visit_pages.desk, letter_pages.desk),
)
SAID = {
    RsvpState.COMING: "予約しました。メールでもお知らせします。",
    RsvpState.WAITING: "満席のため、空席待ちに入りました。席があくと、順番にメールでお知らせします。",
}


@bp.get("")
def index() -> ResponseReturnValue:
    found = booking.coming_up(now())
    free = free_counts([row.id for row in found])
    page = render_template(
        "gatherings/index.html",
        rows=[(row, free.get(row.id, 0)) for row in found],
        called_off=booking.called_off(now()),
        over=booking.held_lately(now()),
    )
    return conditional(page, max_age=1, private=current_account() is not None)


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    gathering, me = booking.gathering_of(code), current_account()
    rsvp = booking.rsvp_of(gathering.id, me.id) if me else None
    counts = booking.counts(gathering.id)
    came = counts[RsvpState.ATTENDED]
    page = render_template(
        "gatherings/show.html",
        gathering=gathering,
        rsvp=rsvp,
        seated=rsvp is not None and rsvp.state in SEATED,
        ahead=booking.ahead_of(rsvp) if rsvp and rsvp.state == RsvpState.WAITING else 0,
        free=len(free_seats(gathering.id)),
        seats=desk.seats_of(gathering.id),
        waiting=counts[RsvpState.WAITING],
        rights=chosen(gathering.right_ids),
        invited=me is None or booking.invited(gathering, me.id),
        begun=gathering.begins_at <= now(),
        over=gathering.ends_at <= now(),
        came=None if few(came) else came,
        closed=gathering.ask_until <= now(),
    )
    return conditional(page, max_age=0, private=True)


@bp.get("/<code>.ics")
def calendar(code: str) -> ResponseReturnValue:
    """For the calendar of a telephone; what only guests are told is not in it."""
    response = Response(ics(booking.gathering_of(code)), content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{code}.ics"'
    return response


@bp.post("/<code>/ask")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def ask(code: str) -> ResponseReturnValue:
    gathering = _clicked(code)
    if gathering is not None:
        flash(SAID.get(booking.ask(gathering.id, _me().id), "お申し込みずみです。"))
    return redirect(f"/gatherings/{code}", 303)


@bp.post("/<code>/confirm")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def confirm(code: str) -> ResponseReturnValue:
    gathering = _clicked(code)
    if gathering is not None:
        booking.confirm(gathering.id, _me().id)
        flash(SAID[RsvpState.COMING])
    return redirect(f"/gatherings/{code}", 303)


@bp.post("/<code>/give-up")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def give_up(code: str) -> ResponseReturnValue:
    gathering = _clicked(code)
    if gathering is not None:
        booking.give_up(gathering.id, _me().id)
        flash("取り消しました。またのご参加をお待ちしています。")
    return redirect(f"/gatherings/{code}", 303)


def _clicked(code: str) -> Gathering | None:
    gathering = booking.gathering_of(code)
    return gathering if ClickForm().validate() else None


def _me() -> Account:
    account = current_account()
    assert account is not None, "the door asked"
    return account
