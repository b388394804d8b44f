"""参加の予約: somebody asks for a seat, says yes to one that became free, or gives theirs up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from marketplace.accounts.models import Account
from marketplace.gatherings.models import STANDING, Gathering, GatheringState, Rsvp, RsvpState
from marketplace.gatherings.moving_up import free_seats, move_up, next_in_line
from marketplace.gatherings.reminding import tell_booked
from marketplace.gatherings.rules import CalledOff, HasBegun, NotInvited, OfferOver, TooLateToAsk
from marketplace.gatherings.telling import tell
from marketplace.holders.owned import owned
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.kit.small_counts import few
from marketplace.tokens import ending


def ask(gathering_id: int, account_id: int) -> RsvpState:
    """A seat, or a place at the end of the waiting list. Asked again while one has either, it changes nothing.

    NotInvited, TooLateToAsk, CalledOff; LookupError for an event that is not announced.
    """
    with transaction() as session:
        gathering = lock(Gathering, gathering_id)
        rsvp = rsvp_of(gathering_id, account_id)
        if rsvp is not None and rsvp.state in STANDING:
            return rsvp.state
        check_open(gathering)
        if gathering.ask_until <= now():
            raise TooLateToAsk
        check_invited(gathering, account_id)
        by = _by(account_id)
        gathering.asked += 1
        if rsvp is None:
            rsvp = Rsvp(
                gathering_id=gathering.id,
                account_id=account_id,
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
        _seat_or_wait(gathering, rsvp, by)
        return rsvp.state


def _seat_or_wait(gathering: Gathering, rsvp: Rsvp, by: str) -> None:
    """Whoever asks while a seat is free and nobody waits has it at once: they have just said that they come."""
    free = free_seats(gathering.id)
    if free and next_in_line(gathering.id) is rsvp:
        rsvp.seat = free[0]
        move(rsvp, "take_seat", by=by)
        tell_booked(rsvp)
    else:
        tell("gathering_waiting", rsvp, ahead=ahead_of(rsvp))


def confirm(gathering_id: int, account_id: int) -> None:
    """Yes to a seat that became free. Said again, it changes nothing. OfferOver after its time; NotInvited."""
    with transaction():
        gathering, rsvp = lock(Gathering, gathering_id), _mine(gathering_id, account_id)
        if rsvp.state == RsvpState.COMING:
            return
        check_open(gathering)
        if rsvp.state == RsvpState.LAPSED or (rsvp.answer_until is not None and rsvp.answer_until <= now()):
            raise OfferOver
        check_invited(gathering, account_id)
        by = _by(account_id)
        rsvp.answer_until = None
        move(rsvp, "confirm_seat", by=by)
        tell_booked(rsvp)


def give_up(gathering_id: int, account_id: int) -> None:
    """Somebody does not come: their seat goes to the next. Said again, it changes nothing. HasBegun."""
    with transaction():
        gathering, rsvp = lock(Gathering, gathering_id), _mine(gathering_id, account_id)
        if rsvp.state in (RsvpState.WITHDRAWN, RsvpState.LAPSED, RsvpState.CALLED_OFF):
            return
        if gathering.begins_at <= now():
            raise HasBegun
        by = _by(account_id)
        rsvp.seat = rsvp.answer_until = None
        move(rsvp, "give_up_seat", by=by)
        move_up(gathering)


def rsvp_of(gathering_id: int, account_id: int) -> Rsvp | None:
    """A person's row for an event, as the database has it now."""
    same = sa.select(Rsvp).where(Rsvp.gathering_id == gathering_id, Rsvp.account_id == account_id)
    return db.session.scalar(same.execution_options(populate_existing=True))


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


def bookings_of(account_id: int) -> list[Rsvp]:
    """Of one person, for events that are not over, the next one first."""
    found = sa.select(Rsvp).join(Gathering).where(Rsvp.account_id == account_id, Rsvp.state.in_(STANDING))
    found = found.where(Gathering.ends_at > now()).options(contains_eager(Rsvp.gathering))
    return list(db.session.scalars(found.order_by(Gathering.begins_at)))


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


def _by(account_id: int) -> str:
    return f"buyer:{get(Account, account_id).code}"
