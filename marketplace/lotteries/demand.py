"""How much is wanted: past lotteries in numbers, and what they let one expect of the next, for staff at the draft."""

from __future__ import annotations

from statistics import median
from typing import NamedTuple

import sqlalchemy as sa
from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import staff
from marketplace.journal import models as journal
from marketplace.kit.db import db
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.lotteries.forms import PlanForm
from marketplace.lotteries.models import Draw, Entry, Lottery
from marketplace.lotteries.planning import case, plan
from marketplace.lotteries.states import EntryState
from marketplace.orders.models import Order

bp = Blueprint("demand", __name__)

USUAL_PER_UNIT = 2.0
USUAL_UNPAID, BAD_UNPAID = 10, 40
"""Percent, where no lottery of this town has been paid for yet: to plan with, and to be safe with."""


class Past(NamedTuple):
    """A lottery that was drawn. People, lots and units are counted apart."""

    listing: Listing
    people: int
    lots: int
    units: int
    paid: int
    forfeited: int

    @property
    def per_unit(self) -> float:
        return self.people / self.units

    @property
    def unpaid(self) -> float | None:
        """The share that let the deadline pass, of those whose time to pay is over; of a sale that was called off while
        they had time, nobody knows."""
        known = self.paid + self.forfeited and self.listing.state != ListingState.CANCELLED
        return self.forfeited / (self.paid + self.forfeited) if known else None


def past() -> list[Past]:
    """Lotteries that were drawn, newest first; the groups of one are counted together."""
    drawn = (
        sa.select(
            Draw.lottery_id,
            sa.func.sum(Draw.n).label("people"),
            sa.func.sum(Draw.units).label("units"),
            sa.func.max(Draw.drawn_at).label("at"),
        )
        .where(Draw.seed.is_not(None))
        .group_by(Draw.lottery_id)
        .subquery()
    )
    paid_another_sum = sa.exists().where(
        journal.Entry.subject == "order:" + Order.code, journal.Entry.event == "question"
    )
    counted = (
        sa.select(
            Listing,
            drawn.c.people,
            sa.func.coalesce(sa.func.sum(Entry.lots), 0),
            drawn.c.units,
            sa.func.count().filter(Entry.state == EntryState.PAID),
            sa.func.count().filter(Entry.state == EntryState.FORFEITED, ~paid_another_sum),
        )
        .join(Lottery, Lottery.listing_id == Listing.id)
        .join(drawn, drawn.c.lottery_id == Lottery.id)
        .outerjoin(Entry, (Entry.lottery_id == Lottery.id) & Entry.rank.is_not(None))
        .outerjoin(Order, Order.id == Entry.order_id)
        .group_by(Listing.id, drawn.c.lottery_id, drawn.c.people, drawn.c.units, drawn.c.at)
        .order_by(drawn.c.at.desc())
    )
    return [
        Past(listing, int(people), lots, int(units), paid, late)
        for listing, people, lots, units, paid, late in db.session.execute(counted)
    ]


@bp.get("/staff/listings/<code>/plan")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    listing = db.session.scalar(sa.select(Listing).where(Listing.code == code))
    if listing is None or listing.mode != Mode.LOTTERY:
        abort(404)
    before = past()
    form = PlanForm(formdata=request.args if request.args else None, data=supposed(listing, before))
    good = form.validate() if request.args else True
    answers = None
    if good:
        applicants, units = form.applicants.data or 0, listing.quantity
        shares = dict.fromkeys(each / 100 for each in (form.unpaid.data or 0, form.bad.data or 0))
        answers = {
            "plan": plan(units, applicants, listing.per_person_limit),
            "cases": [case(units, applicants, listing.price_yen, share) for share in shares],
        }
    page = render_template("lotteries/plan.html", listing=listing, form=form, before=before, answers=answers)
    return page, 200 if good else 422


def supposed(listing: Listing, before: list[Past]) -> dict[str, int]:
    """What the town's own past lets one expect."""
    wanted = median(each.per_unit for each in before) if before else USUAL_PER_UNIT
    shares = [each.unpaid for each in before if each.unpaid is not None]
    unpaid = round(100 * median(shares)) if shares else USUAL_UNPAID
    return {"applicants": round(wanted * listing.quantity), "unpaid": unpaid, "bad": max(BAD_UNPAID, unpaid)}
