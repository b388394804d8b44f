"""What everybody may see: the map of the signs, the page that the code on a sign leads to, and the notice."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.kit.clock import jst, now
from marketplace.kit.dates import era_day, full_day
from marketplace.kit.db import db
from marketplace.kit.limits import limiter
from marketplace.kit.web import conditional
from marketplace.naming.agreeing import place_of
from marketplace.naming.maps import Pin, town_map
from marketplace.naming.models import Naming, NamingState, Place
from marketplace.naming.proposing import naming_of
from marketplace.naming.screening import minutes_of
from marketplace.naming.showing import holdings
from marketplace.papers.paper import Paper
from marketplace.settings import settings

bp = Blueprint("namings", __name__, url_prefix="/namings")


@bp.get("")
def index() -> ResponseReturnValue:
    today = jst(now()).date()
    agreed = announced(NamingState.IN_FORCE)
    named = [(row, place) for row, place in agreed if row.begins_on is not None and row.begins_on <= today]
    pins = [Pin(number, place, row.name) for number, (row, place) in enumerate(named, 1)]
    on_map = sa.select(Place).where(Place.right_id.is_(None), Place.x.is_not(None)).order_by(Place.id)
    page = render_template(
        "naming/index.html",
        standing=named,
        coming=[pair for pair in agreed if pair not in named],
        over=announced(NamingState.ENDED),
        map=town_map(pins, list(db.session.scalars(on_map))),
    )
    return conditional(page, max_age=1, private=current_account() is not None)


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    row = public(code)
    page = render_template(
        "naming/show.html",
        naming=row,
        right=row.token.right,
        place=place_of(row),
        turns=holdings(row),
        minutes=minutes_of(row),
    )
    return conditional(page, max_age=1, private=current_account() is not None)


@bp.get("/<code>/notice.pdf")
@limiter.limit("30/minute")
def paper(code: str) -> ResponseReturnValue:
    row = standing(code)
    response = Response(notice(row), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{code}.pdf"'
    return conditional(response, max_age=60)


def announced(state: NamingState) -> list[tuple[Naming, Place]]:
    """Names in force, or over, with the places of their agreements, the oldest first."""
    rows = sa.select(Naming, Place).join(Place, Place.id == Naming.place_id).where(Naming.state == state)
    return [(row, place) for row, place in db.session.execute(rows.order_by(Naming.concluded_at, Naming.id))]


def announced_of(token_id: int) -> Naming | None:
    """The name that stands, or stood, for a token; None before it is announced and after it was revoked."""
    told = (Naming.token_id == token_id, Naming.state.in_((NamingState.IN_FORCE, NamingState.ENDED)))
    return db.session.scalar(sa.select(Naming).where(*told))


def public(code: str) -> Naming:
    """A name that was announced; LookupError for one that is none yet, or never was."""
    row = naming_of(code)
    if row.concluded_at is None:
        raise LookupError(f"naming {code}")
    return row


def standing(code: str) -> Naming:
    """As public(), but not one that was revoked: nothing of it is printed any more."""
    row = public(code)
    if row.state == NamingState.REVOKED:
        raise LookupError(f"naming {code}")
    return row


def term_of(row: Naming) -> str:
    """'2027年4月1日(木) から 2032年3月31日(水) まで', of a name that was chosen."""
    assert row.begins_on is not None, "a chosen name has a term"
    assert row.ends_on is not None, "a term has an end"
    return f"{full_day(row.begins_on)} から {full_day(row.ends_on)} まで"


def notice(row: Naming) -> bytes:
    """愛称の決定について: to be put up at the town hall."""
    town, place = settings(), place_of(row)
    assert row.concluded_at is not None, "an announced name has its agreement"
    sheet = Paper("愛称の決定について", issuer=town.town_name, reference=row.code, dated=era_day(row.concluded_at))
    sheet.text(f"「{row.token.right.title_ja}」により、次のとおり愛称が決まりました。")
    sheet.large(row.name)
    sheet.facts(
        [
            ("読み", row.reading),
            ("意味", row.meaning),
            ("施設", place.name if place else row.token.right.title_ja),
            ("期間", term_of(row)),
        ]
    )
    for meeting in minutes_of(row)[-1:]:
        sheet.heading("審査の経過")
        sheet.text(f"{full_day(meeting.held_on)} 愛称審査会\n{meeting.public_minutes}")
    address = f"{town.base_url}{row.path}"
    sheet.code(address, f"いまの持ち主とこれまでの経過は、こちらで見られます。 {address}")
    sheet.text(f"{town.town_office}\n電話 {town.town_phone}（{town.town_hours}）")
    return sheet.pdf()
