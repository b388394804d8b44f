"""繰り上げ: a seat that becomes free goes to whoever has waited longest, who has some hours to say yes.

While the event is announced and has not begun, nobody waits beside free seats that are enough for them and whoever
they bring: each act that frees one ends here.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from marketplace.gatherings.models import Gathering, GatheringState, Rsvp, RsvpState, Seat
from marketplace.gatherings.parties import next_in_line, party_of
from marketplace.gatherings.rules import answer_until
from marketplace.gatherings.telling import tell
from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction, writing
from marketplace.kit.sheets import sheet


def move_up(gathering: Gathering) -> None:
    """Offer each free seat to the next who waits. The caller holds the event's row."""
    assert writing(), "move_up() belongs inside transaction()"
    if gathering.state != GatheringState.OPEN or gathering.begins_at <= now():
        return
    db.session.flush()
    free = free_seats(gathering.id)
    while party := next_in_line(gathering.id, len(free)):
        for rsvp in party:
            rsvp.seat = free.pop(0)
            rsvp.answer_until = answer_until(now(), gathering.answer_hours, gathering.begins_at)
            move(rsvp, "offer_seat")
        tell("gathering_seat_free", party)
        db.session.flush()


def lapse(rsvp_id: int) -> None:
    """No answer in time: a party's seats go to the next. Asked again, or after an answer, it changes nothing."""
    with transaction():
        gathering = lock(Gathering, get(Rsvp, rsvp_id).gathering_id)
        rsvp = lock(Rsvp, rsvp_id)
        if rsvp.state != RsvpState.OFFERED or rsvp.answer_until is None or rsvp.answer_until > now():
            return
        party = party_of(gathering.id, rsvp.account_id, (RsvpState.OFFERED,))
        for rsvp in party:
            rsvp.seat = rsvp.answer_until = None
            move(rsvp, "lapse_seat")
        tell("gathering_seat_lapsed", party)
        move_up(gathering)


@sheet(every=30, name="gatherings.lapse_offers")
def lapse_due() -> None:
    due = sa.select(Rsvp.id).where(Rsvp.state == RsvpState.OFFERED, Rsvp.answer_until <= now()).order_by(Rsvp.place)
    ids = list(db.session.scalars(due))
    let_go()
    for rsvp_id in ids:
        lapse(rsvp_id)


def free_seats(gathering_id: int) -> list[int]:
    """The numbers of seats that nobody has, in order."""
    taken = sa.select(Rsvp.seat).where(Rsvp.gathering_id == gathering_id, Rsvp.seat.is_not(None))
    free = sa.select(Seat.number).where(Seat.gathering_id == gathering_id, Seat.number.not_in(taken))
    return list(db.session.scalars(free.order_by(Seat.number)))


def free_counts(gathering_ids: Collection[int]) -> dict[int, int]:
    """How many seats of each event nobody has, in one query; an event without any is absent."""
    has_it = sa.and_(Rsvp.gathering_id == Seat.gathering_id, Rsvp.seat == Seat.number)
    free = sa.select(Seat.gathering_id, sa.func.count()).outerjoin(Rsvp, has_it).where(Rsvp.id.is_(None))
    rows = db.session.execute(free.where(Seat.gathering_id.in_(gathering_ids)).group_by(Seat.gathering_id))
    return {gathering_id: count for gathering_id, count in rows}  # noqa: C416 -- a Row is no pair to mypy
