"""The office writes an event down, announces it, changes its seats, calls it off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from marketplace.gatherings.models import STANDING, UNDECIDED, Gathering, GatheringState, RsvpState, Seat
from marketplace.gatherings.moving_up import free_seats, move_up
from marketplace.gatherings.parties import one_of_each, party_of
from marketplace.gatherings.rules import MOST_SEATS, MOST_TOGETHER, HasBegun, SeatsTaken
from marketplace.gatherings.sent_twice import drafts_of
from marketplace.gatherings.telling import tell
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, lock, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.outbox.promising import handles, say

WHERE = ("place", "begins_at", "ends_at")
FIELDS = ("title", "body", *WHERE, "entrance", "ask_until", "answer_hours", "most_together", "right_ids", "perk")


def draft(values: Mapping[str, Any], by: str) -> int:
    """A new event from what was filled in (FIELDS and `seats`); its id, also where the form was sent twice. Invalid,
    with the field."""
    check(values)
    with transaction() as session:
        chosen = {"state": GatheringState.DRAFT, **{name: values[name] for name in FIELDS}}
        for same in drafts_of(Gathering, chosen):
            if len(_seats(same.id)) == values["seats"]:
                return same.id
        at = now()
        gathering = Gathering(created_at=at, changed_at=at, asked=0, **chosen)
        session.add(gathering)
        session.flush()
        _set_seats(gathering, values["seats"])
        note(gathering.subject, "draft_gathering", by=by)
        return gathering.id


def revise(gathering_id: int, values: Mapping[str, Any], by: str) -> None:
    """Change an event that has not begun; more seats go to those who wait. Whom it is for stays, once it is announced.

    SeatsTaken where fewer seats are wanted than are taken. HasBegun, WrongState, Invalid.
    """
    check(values)
    with transaction():
        gathering = lock(Gathering, gathering_id)
        if gathering.state == GatheringState.CANCELLED:
            raise WrongState
        if gathering.state == GatheringState.OPEN:
            if gathering.begins_at <= now():
                raise HasBegun
            if values["begins_at"] <= now():
                raise Invalid("始まりの日時が過ぎています。日時を直してください。", field="begins_at")
            values = {**values, "right_ids": gathering.right_ids, "perk": gathering.perk}
        told: Collection[RsvpState] = ()
        if gathering.state == GatheringState.OPEN:
            if any(getattr(gathering, name) != values[name] for name in WHERE):
                told = STANDING
            elif gathering.entrance != values["entrance"]:
                told = (RsvpState.COMING,)  # nobody else is told of it at all
        for name in FIELDS:
            setattr(gathering, name, values[name])
        _set_seats(gathering, values["seats"])
        _changed(gathering)
        note(gathering.subject, "revise_gathering", by=by)
        if told:
            at = now().isoformat()
            states = [str(state) for state in told]
            say("gathering.moved", key=f"{gathering.code}:{at}", gathering_id=gathering.id, at=at, states=states)
        move_up(gathering)


def announce(gathering_id: int, by: str) -> None:
    """From now on people can ask for a seat."""
    with transaction():
        gathering = lock(Gathering, gathering_id)
        if gathering.begins_at <= now():
            raise HasBegun("始まりの日時が過ぎています。日時を直してください。")
        move(gathering, "announce", by=by)


def call_off(gathering_id: int, why: str, by: str) -> None:
    """It does not take place: everybody who has a seat or waits for one is told why ⇢ gathering.called_off.

    A draft that is called off was never announced, and is not now either.
    """
    why = why.strip()
    if not why:
        raise Invalid("中止の理由を入力してください。お申し込みの方にお知らせします。", field="why")
    with transaction():
        gathering = lock(Gathering, gathering_id)
        if gathering.ends_at <= now():
            raise HasBegun
        announced = gathering.state == GatheringState.OPEN
        gathering.why_off = why[:500] if announced else ""
        _changed(gathering)
        move(gathering, "call_off", by=by, why=why)
        say("gathering.called_off", key=gathering.code, gathering_id=gathering.id, why=why)


@handles("gathering.called_off")
def tell_called_off(gathering_id: int, why: str) -> None:
    for account_id in _of(gathering_id, STANDING):
        with transaction():
            lock(Gathering, gathering_id)
            party = party_of(gathering_id, account_id, UNDECIDED)
            for rsvp in party:
                rsvp.seat = rsvp.answer_until = None
                move(rsvp, "call_off")
            if party:
                tell("gathering_called_off", party, why=why)


@handles("gathering.moved")
def tell_moved(gathering_id: int, at: str, states: list[str]) -> None:
    """One letter to each party in these states for each change of when and where, made `at` that moment."""
    for account_id in _of(gathering_id, [RsvpState(state) for state in states]):
        with transaction():
            if party := party_of(gathering_id, account_id):
                tell("gathering_moved", party, key=f"{party[0].code}:{at}")


def check(values: Mapping[str, Any]) -> None:
    """Invalid, with the field, where an event can't be so."""
    for name, words in (("title", "催しの名前"), ("body", "ご案内の文"), ("place", "場所")):
        if not str(values[name] or "").strip():
            raise Invalid(f"{words}を入力してください。", field=name)
    if values["ends_at"] <= values["begins_at"]:
        raise Invalid("終わりは、始まりより後にしてください。", field="ends_at")
    if values["ask_until"] > values["begins_at"]:
        raise Invalid("申し込みの締め切りは、始まりより前にしてください。", field="ask_until")
    if not 1 <= values["seats"] <= MOST_SEATS:
        raise Invalid(f"席の数は1から{MOST_SEATS:,}までです。", field="seats")
    if not 1 <= values["most_together"] <= MOST_TOGETHER:
        raise Invalid(f"1回の予約の人数は1から{MOST_TOGETHER}までです。", field="most_together")
    if not 1 <= values["answer_hours"] <= 24 * 14:
        raise Invalid("お返事を待つ時間は、1から336時間までです。", field="answer_hours")


def _seats(gathering_id: int) -> list[int]:
    return list(db.session.scalars(sa.select(Seat.number).filter_by(gathering_id=gathering_id).order_by(Seat.number)))


def _set_seats(gathering: Gathering, wanted: int) -> None:
    """Rows for so many seats. Free ones are taken away, whatever their number; a taken one never is."""
    have = _seats(gathering.id)
    if len(have) < wanted:
        fresh = range(max(have, default=0) + 1, max(have, default=0) + 1 + wanted - len(have))
        db.session.add_all(Seat(gathering_id=gathering.id, number=number) for number in fresh)
    elif len(have) > wanted:
        free = free_seats(gathering.id)
        surplus = len(have) - wanted
        if len(free) < surplus:
            taken = len(have) - len(free)
            raise SeatsTaken(f"予約ずみの席が{taken}あるため、それより少なくできません。", field="seats")
        gone = sa.delete(Seat).where(Seat.gathering_id == gathering.id, Seat.number.in_(free[-surplus:]))
        db.session.execute(gone)
    db.session.flush()


def _changed(gathering: Gathering) -> None:
    gathering.version += 1
    gathering.changed_at = now()


def _of(gathering_id: int, states: Collection[RsvpState]) -> list[int]:
    accounts = one_of_each(gathering_id, states)
    let_go()
    return accounts
