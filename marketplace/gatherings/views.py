"""What people see of events: what comes up, one of them, and their own booking."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, me, signed_in
from marketplace.gatherings import booking, bringing, desk, letter_pages, poll_pages, visit_pages
from marketplace.gatherings.calendar import ics
from marketplace.gatherings.for_whom import chosen
from marketplace.gatherings.forms import ClickForm, TogetherForm
from marketplace.gatherings.models import SEATED, UNDECIDED, Gathering, Rsvp, RsvpState
from marketplace.gatherings.moving_up import free_counts, free_seats
from marketplace.gatherings.parties import party_of
from marketplace.gatherings.rules import MOST_TOGETHER, MoreWait, NoSeatForMore, TooManyTogether
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
    RsvpState.WAITING: "席がたりないため、空席待ちに入りました。席があくと、順番にメールでお知らせします。",
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
    return conditional(_page(booking.gathering_of(code)), max_age=0, private=True)


def _page(gathering: Gathering, form: TogetherForm | None = None) -> str:
    """With what was asked and could not be, where it comes back."""
    me = current_account()
    rsvp = booking.rsvp_of(gathering.id, me.id) if me else None
    party = party_of(gathering.id, me.id) if me else []
    free = len(free_seats(gathering.id))
    counts = booking.counts(gathering.id)
    came = counts[RsvpState.ATTENDED]
    return render_template(
        "gatherings/show.html",
        gathering=gathering,
        rsvp=rsvp,
        party=party,
        leaving=any(row.state in UNDECIDED for row in party),
        form=form or _form(gathering, party, free),
        seated=rsvp is not None and rsvp.state in SEATED,
        ahead=booking.ahead_of(rsvp) if rsvp and rsvp.state == RsvpState.WAITING else 0,
        free=free,
        seats=desk.seats_of(gathering.id),
        waiting=counts[RsvpState.WAITING],
        rights=chosen(gathering.right_ids),
        invited=me is None or booking.invited(gathering, me.id),
        begun=gathering.begins_at <= now(),
        over=gathering.ends_at <= now(),
        came=None if few(came) else came,
        closed=gathering.ask_until <= now(),
    )


def _form(gathering: Gathering, party: list[Rsvp], free: int) -> TogetherForm:
    """How many come: of whoever asks, and of a party, which may be fewer; more, where seats are free."""
    most = booking.most_at_once(gathering)
    if party:
        seated = party[0].state in (RsvpState.COMING, RsvpState.ATTENDED) and gathering.ask_until > now()
        most = max(len(party), min(most, len(party) + free)) if seated else len(party)
    may_go = sum(row.companion > 0 and row.state in UNDECIDED for row in party)
    return TogetherForm(data={"together": len(party) or 1}).up_to(most, max(len(party) - may_go, 1))


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
    def ask_for(gathering: Gathering, together: int) -> None:
        flash(SAID.get(booking.ask(gathering.id, me().id, together), "お申し込みずみです。"))

    return _said_how_many(code, ask_for)


@bp.post("/<code>/bring")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def bring(code: str) -> ResponseReturnValue:
    def bring_so_many(gathering: Gathering, together: int) -> None:
        bringing.bring(gathering.id, me().id, together)
        flash("人数を変えました。")

    return _said_how_many(code, bring_so_many)


def _said_how_many(code: str, act: Callable[[Gathering, int], None]) -> ResponseReturnValue:
    """Where everybody asks for one seat, the page asks for no number."""
    gathering, form = booking.gathering_of(code), TogetherForm(data={"together": 1}).up_to(MOST_TOGETHER)
    if form.validate():
        try:
            act(gathering, form.together.data)
        except (TooManyTogether, NoSeatForMore, MoreWait) as refusal:
            form.refuse(refusal)
    if form.together.errors:
        shown = _form(gathering, party_of(gathering.id, me().id), len(free_seats(gathering.id)))
        shown.together.errors = form.together.errors
        return _page(gathering, shown), 422
    return redirect(f"/gatherings/{code}", 303)


@bp.post("/<code>/confirm")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def confirm(code: str) -> ResponseReturnValue:
    gathering = _clicked(code)
    if gathering is not None:
        booking.confirm(gathering.id, me().id)
        flash(SAID[RsvpState.COMING])
    return redirect(f"/gatherings/{code}", 303)


@bp.post("/<code>/give-up")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def give_up(code: str) -> ResponseReturnValue:
    gathering = _clicked(code)
    if gathering is not None:
        booking.give_up(gathering.id, me().id)
        flash("取り消しました。またのご参加をお待ちしています。")
    return redirect(f"/gatherings/{code}", 303)


def _clicked(code: str) -> Gathering | None:
    gathering = booking.gathering_of(code)
    return gathering if ClickForm().validate() else None
