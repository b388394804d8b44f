"""The end of a term: half a year and a month before it the parties are told, and on the day after it is over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import jst, midnight, now
from marketplace.kit.db import db, let_go, lock, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.kit.sheets import sheet
from marketplace.listings.drafting import staff_name
from marketplace.naming.inviting import tell
from marketplace.naming.models import Naming, NamingState
from marketplace.rights.models import Kind
from marketplace.tokens.ending import tells_the_end
from marketplace.tokens.models import Token

HALF_A_YEAR, A_MONTH = timedelta(days=183), timedelta(days=31)


@tells_the_end(Kind.NAMING)
def agreed_ends(tokens: Collection[Token]) -> dict[int, datetime]:
    """The months of a naming right are counted from the day that its agreement names, not from its issue."""
    theirs = Naming.token_id.in_([token.token_id for token in tokens])
    told = (theirs, Naming.state.in_((NamingState.IN_FORCE, NamingState.ENDED)))
    lasts = db.session.execute(sa.select(Naming.token_id, Naming.ends_on).where(*told))
    return {id_: midnight(last + timedelta(days=1)) for id_, last in lasts if last is not None}


@sheet(every=3600, name="naming.terms")
def terms() -> None:
    """Tell what ends soon, each notice once; end what is over."""
    today = jst(now()).date()
    soon = (Naming.state == NamingState.IN_FORCE, Naming.ends_on <= today + HALF_A_YEAR)
    due = list(db.session.scalars(sa.select(Naming.id).where(*soon)))
    let_go()
    for naming_id in due:
        with transaction():
            _turn(lock(Naming, naming_id), today)


def _turn(row: Naming, today: date) -> None:
    if row.state != NamingState.IN_FORCE or row.ends_on is None:
        return  # somebody was faster
    if row.ends_on < today:
        row.ended_at = now()
        move(row, "agreement.end")
        tell("naming_ended", row, key="1")
    elif row.ends_on <= today + A_MONTH:
        if row.month_told_at is None:
            row.month_told_at = now()
            row.half_year_told_at = row.half_year_told_at or now()
            tell("naming_ends_soon", row, key="month")
    elif row.half_year_told_at is None:
        row.half_year_told_at = now()
        tell("naming_ends_soon", row, key="half-year")


def talked(naming_id: int, actor_id: int, text: str) -> None:
    """The office writes down what was said about going on after the term."""
    if not text.strip():
        raise Invalid("相談の結果を書いてください。", field="renewal")
    with transaction():
        row = lock(Naming, naming_id)
        if row.state != NamingState.IN_FORCE:
            raise WrongState
        row.renewal = text.strip()[:300]
        note(row.subject, "agreement.talk", by=staff_name(actor_id))


def ending_soon() -> list[Naming]:
    """Terms that end within half a year of which nobody has written down a talk, soonest first."""
    soon = Naming.ends_on <= jst(now()).date() + HALF_A_YEAR
    found = sa.select(Naming).where(Naming.state == NamingState.IN_FORCE, soon, Naming.renewal == "")
    return list(db.session.scalars(found.order_by(Naming.ends_on)))
