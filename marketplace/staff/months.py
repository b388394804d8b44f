"""The calendar on the desk, month by month, and the feed for one's own calendar program."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import staff
from marketplace.kit import holidays, ics
from marketplace.kit.clock import jst, now
from marketplace.kit.forms import FIRST_YEAR, LAST_YEAR
from marketplace.kit.ics import Happening
from marketplace.kit.limits import limiter
from marketplace.kit.web import conditional
from marketplace.settings import settings
from marketplace.staff import calendar, feeding
from marketplace.staff.calendar import Event

bp = Blueprint("calendar", __name__)

BACK, AHEAD = timedelta(days=92), timedelta(days=731)
"""What the feed holds."""
MADE = "calendar feed"


@bp.get("/staff/calendar")
@staff()
def show() -> ResponseReturnValue:
    today = jst(now()).date()
    first = _month(request.args.get("month", "")) or today.replace(day=1)
    return render_template(
        "staff/calendar.html",
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=(first.replace(day=28) + timedelta(days=4)).replace(day=1),
        weeks=calendar.weeks(first.year, first.month, holidays.closed),
        today=today,
        feed=feeding.feed_of(session["account_id"]),
        made=session.pop(MADE, None),
        address=settings().base_url,
    )


@bp.post("/staff/calendar/feed")
@staff()
def make_feed() -> ResponseReturnValue:
    session[MADE] = feeding.make(session["account_id"])
    return redirect(url_for("calendar.show") + "#feed", 303)


@bp.post("/staff/calendar/feed/revoke")
@staff()
def revoke_feed() -> ResponseReturnValue:
    feeding.revoke(session["account_id"])
    return redirect(url_for("calendar.show") + "#feed", 303)


@bp.get("/calendar/<secret>.ics")
@limiter.limit("60/minute")
def feed(secret: str) -> ResponseReturnValue:
    """For a program that has no session: the secret in the address is the key."""
    if feeding.reader(secret) is None:
        abort(404)
    at = now()
    found = calendar.events(at - BACK, at + AHEAD)
    name = f"{settings().town_name} まちの権利ひろば"
    return conditional(ics.calendar("Desk", map(_entry, found), name=name), max_age=300, private=True)


def _entry(event: Event) -> Happening:
    base = settings().base_url
    return Happening(
        uid=f"{event.key}@{base.partition('://')[2]}",
        at=event.at,
        title=f"【{event.word}】{event.title}",
        stamp=event.at,
        url=f"{base}{event.href}",
        remind=timedelta(hours=1) if event.kind in ("draw", "unseal") else None,
        ends=event.kind in calendar.ENDS,
    )


def _month(text: str) -> date | None:
    """The first day of '2026-12'; None for what is no month, or one that nobody means."""
    try:
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 -- a month has no zone
    except ValueError:
        return None
    return first if FIRST_YEAR <= first.year <= LAST_YEAR else None
