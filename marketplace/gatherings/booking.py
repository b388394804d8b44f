"""参加の予約: somebody asks for seats, says yes to those that became free, or gives theirs up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from marketplace.accounts.models import Account
from marketplace.gatherings.models import STANDING, UNDECIDED, Gathering, GatheringState, Rsvp, RsvpState, Seat
from marketplace.gatherings.moving_up import free_seats, move_up
from marketplace.gatherings.parties import next_in_line, party_of
from marketplace.gatherings.reminding import tell_booked
from marketplace.gatherings.rules import CalledOff, HasBegun, NotInvited, OfferOver, TooLateToAsk, TooManyTogether
from marketplace.gatherings.telling import tell
from marketplace.holders.owned import owned
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.kit.small_counts import few
from marketplace.tokens import ending


def ask(gathering_id: int, account_id: int, together: int = 1) -> RsvpState:
    """So many seats, or a place at the end of the waiting list. Asked again while one has either, it changes nothing.

    NotInvited, TooLateToAsk, CalledOff, TooManyTogether; LookupError for an event that is not announced.
    """
    with transaction():
        gathering = lock(Gathering, gathering_id)
        if party := party_of(gathering_id, account_id):
            return party[0].state
        check_may_ask(gathering, account_id)
        most = most_at_once(gathering)
        if not 1 <= together <= most:
            raise TooManyTogether(most)
        by = by_buyer(account_id)
        party = [asked_for(gathering, account_id, companion, by) for companion in range(together)]
        _seat_or_wait(gathering, party, by)
        return party[0].state


def asked_for(gathering: Gathering, account_id: int, companion: int, by: str) -> Rsvp:
    """One seat more is asked for: its row waits, at the end of the line. The caller holds the event's row."""
    session = db.session
    gathering.asked += 1
    found = party_of(gathering.id, account_id, tuple(RsvpState))
    rsvp = next((row for row in found if row.companion == companion), None)
    if rsvp is None:
        rsvp = Rsvp(
            gathering_id=gathering.id,
            account_id=account_id,
            companion=companion,
            state=RsvpState.WAITING,
            place=gathering.asked,
            asked_at=now(),
        )
        session.add(rsvp)
        session.flush()
        note(rsvp.subject, "ask_for_seat", by=by, gathering=gathering.code)
    else:
        rsvp.place, rsvp.asked_at = gathering.asked, now()
        move(rsvp, "ask_again", by=by)
        session.flush()
    return rsvp


def _seat_or_wait(gathering: Gathering, party: list[Rsvp], by: str) -> None:
    """Whoever asks while enough seats are free has them at once: they have just said that they come. Nobody who waits
    would have fitted into them (moving_up.py)."""
    free = free_seats(gathering.id)
    if party[0] in next_in_line(gathering.id, len(free)):
        take_seats(party, free, by)
        tell_booked(party)
    else:
        tell("gathering_waiting", party, ahead=ahead_of(party[0]))


def take_seats(party: list[Rsvp], free: list[int], by: str) -> None:
    for rsvp, seat in zip(party, free, strict=False):
        rsvp.seat = seat
        move(rsvp, "take_seat", by=by)


def confirm(gathering_id: int, account_id: int) -> None:
    """Yes to seats that became free. Said again, it changes nothing. OfferOver after their time; NotInvited."""
    with transaction():
        gathering, rsvp = lock(Gathering, gathering_id), _mine(gathering_id, account_id)
        if rsvp.state == RsvpState.COMING:
            return
        check_open(gathering)
        if rsvp.state == RsvpState.LAPSED or (rsvp.answer_until is not None and rsvp.answer_until <= now()):
            raise OfferOver
        check_invited(gathering, account_id)
        by = by_buyer(account_id)
        party = party_of(gathering_id, account_id, (RsvpState.OFFERED,)) or [rsvp]
        for each in party:
            each.answer_until = None
            move(each, "confirm_seat", by=by)
        tell_booked(party)


def give_up(gathering_id: int, account_id: int) -> None:
    """Somebody does not come, nor whom they wanted to bring: their seats go on. Said again, it changes nothing.

    Whoever of them was stamped at the door already has come. HasBegun.
    """
    with transaction():
        gathering, rsvp = lock(Gathering, gathering_id), _mine(gathering_id, account_id)
        party = party_of(gathering_id, account_id, UNDECIDED)
        if not party and rsvp.state != RsvpState.ATTENDED:
            return
        if gathering.begins_at <= now():
            raise HasBegun
        leave(party or [rsvp], by_buyer(account_id))
        move_up(gathering)


def leave(party: list[Rsvp], by: str) -> None:
    """They do not come. The caller holds the event's row, and offers their seats on."""
    for rsvp in party:
        rsvp.seat = rsvp.answer_until = None
        move(rsvp, "give_up_seat", by=by)


def rsvp_of(gathering_id: int, account_id: int) -> Rsvp | None:
    """A person's own row for an event, as the database has it now."""
    same = sa.select(Rsvp).where(Rsvp.gathering_id == gathering_id, Rsvp.account_id == account_id, Rsvp.companion == 0)
    return db.session.scalar(same.execution_options(populate_existing=True))


def most_at_once(gathering: Gathering) -> int:
    """For how many one person may ask: what the office allows, but not more than there are seats."""
    seats = sa.select(sa.func.count()).select_from(Seat).where(Seat.gathering_id == gathering.id)
    return min(gathering.most_together, db.session.scalar(seats) or 0)


def ahead_of(rsvp: Rsvp) -> int:
    """How many wait before this one."""
    before = (Rsvp.gathering_id == rsvp.gathering_id, Rsvp.state == RsvpState.WAITING, Rsvp.place < rsvp.place)
    return db.session.scalar(sa.select(sa.func.count()).select_from(Rsvp).where(*before)) or 0


def invited(gathering: Gathering, account_id: int) -> bool:
    """Whoever holds one of its rights whose term is not over by then."""
    if not gathering.right_ids:
        return True
    theirs = (token for token in owned(account_id) if token.right_id in gathering.right_ids)
    return any(ending.over(token, gathering.begins_at) is None for token in theirs)


def check_may_ask(gathering: Gathering, account_id: int) -> None:
    """NotInvited, TooLateToAsk, and what check_open() refuses."""
    check_open(gathering)
    if gathering.ask_until <= now():
        raise TooLateToAsk
    check_invited(gathering, account_id)


def check_invited(gathering: Gathering, account_id: int) -> None:
    if not invited(gathering, account_id):
        raise NotInvited


def check_open(gathering: Gathering) -> None:
    """CalledOff; LookupError for a draft; HasBegun."""
    if gathering.state == GatheringState.CANCELLED:
        raise CalledOff
    if gathering.state != GatheringState.OPEN:
        raise LookupError(gathering.subject)
    if gathering.begins_at <= now():
        raise HasBegun


def gathering_of(code: str, *, drafts: bool = False) -> Gathering:
    """LookupError for none; for what was never announced too, unless the office asks."""
    found = db.session.scalar(sa.select(Gathering).where(Gathering.code == code))
    if found is None or not (drafts or _announced(found)):
        raise LookupError(f"gathering {code}")
    return found


def _announced(gathering: Gathering) -> bool:
    """Open, or called off with a reason for everybody."""
    return gathering.state == GatheringState.OPEN or bool(gathering.why_off)


def coming_up(at: datetime) -> list[Gathering]:
    """Announced events that are not over, the next one first."""
    found = sa.select(Gathering).where(Gathering.state == GatheringState.OPEN, Gathering.ends_at > at)
    return list(db.session.scalars(found.order_by(Gathering.begins_at, Gathering.id)))


def called_off(at: datetime) -> list[Gathering]:
    """Announced events that do not take place after all, until the day on which they would have been over."""
    off = (Gathering.state == GatheringState.CANCELLED, Gathering.why_off != "")
    found = sa.select(Gathering).where(*off, Gathering.ends_at > at)
    return list(db.session.scalars(found.order_by(Gathering.begins_at, Gathering.id)))


def held_lately(at: datetime, most: int = 6) -> list[tuple[Gathering, int | None]]:
    """The newest events that are over, and how many came; None for a number that would point at somebody."""
    stamped = sa.select(sa.func.count()).where(Rsvp.gathering_id == Gathering.id, Rsvp.state == RsvpState.ATTENDED)
    came = sa.func.coalesce(Gathering.came, stamped.scalar_subquery())
    found = sa.select(Gathering, came).where(Gathering.state == GatheringState.OPEN, Gathering.ends_at <= at)
    rows = db.session.execute(found.order_by(Gathering.begins_at.desc(), Gathering.id.desc()).limit(most))
    return [(gathering, None if few(count) else count) for gathering, count in rows]


def bookings_of(account_id: int) -> list[tuple[Rsvp, int]]:
    """Of one person, for events that are not over, the next one first; and for how many seats each."""
    found = sa.select(Rsvp).join(Gathering).where(Rsvp.account_id == account_id, Rsvp.state.in_(STANDING))
    found = found.where(Gathering.ends_at > now()).options(contains_eager(Rsvp.gathering))
    rows = db.session.scalars(found.order_by(Gathering.begins_at, Gathering.id, Rsvp.companion))
    parties = [list(party) for _event, party in groupby(rows, key=lambda row: row.gathering_id)]
    return [(party[0], len(party)) for party in parties]


def counts(gathering_id: int) -> dict[RsvpState, int]:
    """How many people stand where; of those whose bookings are erased, how many came."""
    return counts_of([gathering_id])[gathering_id]


def counts_of(gathering_ids: Collection[int]) -> dict[int, dict[RsvpState, int]]:
    """The same of many."""
    found = {gathering_id: dict.fromkeys(RsvpState, 0) for gathering_id in gathering_ids}
    rows = sa.select(Rsvp.gathering_id, Rsvp.state, sa.func.count()).where(Rsvp.gathering_id.in_(gathering_ids))
    for gathering_id, state, count in db.session.execute(rows.group_by(Rsvp.gathering_id, Rsvp.state)):
        found[gathering_id][state] = count
    kept = sa.select(Gathering.id, Gathering.came).where(Gathering.id.in_(gathering_ids), Gathering.came.is_not(None))
    for gathering_id, came in db.session.execute(kept):
        found[gathering_id][RsvpState.ATTENDED] = came or 0
    return found


def _mine(gathering_id: int, account_id: int) -> Rsvp:
    rsvp = rsvp_of(gathering_id, account_id)
    if rsvp is None:
        raise WrongState
    return rsvp


def by_buyer(account_id: int) -> str:
    return f"buyer:{get(Account, account_id).code}"
