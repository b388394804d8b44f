"""What the holder does: ask with up to three dates, take one that the town offers, ask for others, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.appointments import calendar, rules
from marketplace.appointments.counting import check_room, why_not_on
from marketplace.appointments.models import Appointment, AppointmentState, Candidate, Side
from marketplace.appointments.telling import tell
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid
from marketplace.perks.holding import held_token, holds
from marketplace.tokens.freezing import check_usable
from marketplace.tokens.models import Token

Dates = Sequence[datetime | None]
"""As the form gives them: a line that was left empty is None."""


@dataclass(frozen=True)
class Wish:
    """What the holder asks for. `place` is theirs where it is not online; `uses` as many as it shall last."""

    topic: str
    online: bool
    place: str
    uses: int
    starts: Dates


def ask(token_id: int, account_id: int, wish: Wish) -> int:
    """Ask for an appointment; its id.

    Raises:
        NotTheHolder, NoLecturer, NotEnoughLeft, what freezes the right, Invalid beside the field that is wrong.
    """
    topic, place = rules.topic(wish.topic), _place(wish)
    if not 1 <= wish.uses <= rules.MOST_USES:
        raise Invalid(_("1回から%(most_uses)s回までで選んでください。", most_uses=rules.MOST_USES), field="uses")
    with transaction() as session:
        token = _own(token_id, account_id)
        check_usable(token)
        lecture = calendar.lecture_of(token.right_id)
        check_room(token, wish.uses)
        lasts = timedelta(minutes=lecture.minutes * wish.uses)
        check_dates(token, lecture.lecturer_id, wish.starts, lasts)
        row = Appointment(
            token_id=token_id,
            account_id=account_id,
            lecturer_id=lecture.lecturer_id,
            state=AppointmentState.REQUESTED,
            topic=topic,
            online=wish.online,
            place=place,
            uses=wish.uses,
            minutes=lecture.minutes,
            asked_at=now(),
            changed_at=now(),
        )
        session.add(row)
        session.flush()
        write_dates(row, wish.starts, Side.HOLDER)
        note(row.subject, "appointment.ask", by=_buyer(account_id), token=token.subject, uses=row.uses)
        return row.id


def accept(appointment_id: int, account_id: int, starts_at: datetime) -> None:
    """Take one of the dates that the town offered. Again: nothing. Taken where somebody was faster."""
    with transaction():
        row = held_by(appointment_id, account_id)
        if row.state == AppointmentState.CONFIRMED and row.starts_at == starts_at:
            return
        if starts_at not in dates_of(row) or row.state != AppointmentState.OFFERED:
            raise Invalid("町から提案した日時の中から選んでください。", field="starts_at")
        if starts_at <= now():
            raise Invalid(rules.PAST, field="starts_at")
        check_usable(row.token)
        fix(row, starts_at, by=_buyer(account_id))


def ask_again(appointment_id: int, account_id: int, starts: Dates) -> None:
    """Other dates, in place of those that the town offered or of the one that is fixed: that one is free again."""
    with transaction():
        row = held_by(appointment_id, account_id)
        check_usable(row.token)
        if row.state == AppointmentState.CONFIRMED:
            _in_time(row)
            if row.moves_holder >= rules.MOST_MOVES:
                raise rules.MovedTooOften
            row.moves_holder += 1
        unfix(row, "appointment.ask_again", by=_buyer(account_id))
        check_dates(row.token, row.lecturer_id, starts, row.lasts)
        row.round += 1
        write_dates(row, starts, Side.HOLDER)


def cancel(appointment_id: int, account_id: int) -> None:
    """The holder does without it; nothing is counted. Again: nothing. TooLateToChange on the last day."""
    with transaction():
        row = held_by(appointment_id, account_id)
        if row.state == AppointmentState.CANCELLED:
            return
        if row.state == AppointmentState.CONFIRMED:
            _in_time(row)
        elif row.state not in (AppointmentState.REQUESTED, AppointmentState.OFFERED):
            raise rules.TooLateToChange("終わった日程は取り消せません。")
        unfix(row, "appointment.cancel", by=_buyer(account_id))
        tell("appointment_cancelled", row, key="holder", by_holder=True)


def check_dates(token: Token, lecturer_id: int, starts: Dates, lasts: timedelta) -> None:
    """Dates of the holder: possible, within the days of the right, and free as it is seen now. Invalid by field."""
    rules.check_dates(starts, lasts, now())
    for number, start in enumerate(starts, 1):
        if start is not None and (why := why_not_on(token, start)):
            raise Invalid(why, field=f"starts_{number}")
    calendar.check_free(lecturer_id, starts, lasts)


def fix(row: Appointment, starts_at: datetime, *, by: str) -> None:
    """The date is fixed, inside the caller's transaction; the calendar says whether it can be."""
    calendar.book(row, starts_at)
    row.starts_at, row.changed_at = starts_at, now()
    row.sequence += 1
    move(row, "appointment.fix", by=by)
    tell("appointment_fixed", row, key=str(row.sequence))


def unfix(row: Appointment, event: str, *, by: str, why: str = "") -> None:
    """Away from whatever date was fixed, inside the caller's transaction."""
    move(row, event, by=by, why=why)
    calendar.give_back(row)
    row.changed_at = now()
    row.sequence += 1
    row.entrance = ""
    if row.state != AppointmentState.CANCELLED:
        row.starts_at = None


def write_dates(row: Appointment, starts: Dates, side: Side) -> None:
    for start in starts:
        if start is not None:
            db.session.add(Candidate(appointment_id=row.id, round=row.round, side=side, starts_at=start))


def dates_of(row: Appointment) -> list[datetime]:
    """Those that are proposed now, as they were written."""
    same = (Candidate.appointment_id == row.id, Candidate.round == row.round)
    return list(db.session.scalars(sa.select(Candidate.starts_at).where(*same).order_by(Candidate.id)))


def appointment_of(code: str) -> Appointment:
    """LookupError for none."""
    row = db.session.scalar(sa.select(Appointment).where(Appointment.code == code))
    if row is None:
        raise LookupError(f"appointment {code}")
    return row


def held_by(appointment_id: int, account_id: int) -> Appointment:
    """The appointment of this person, locked, and before it its token. NotTheHolder where either is another's."""
    _own(get(Appointment, appointment_id).token_id, account_id)
    row = lock(Appointment, appointment_id)
    if row.account_id != account_id:
        raise rules.NotTheHolder
    return row


def _own(token_id: int, account_id: int) -> Token:
    token = held_token(token_id)
    if not holds(account_id, token):
        raise rules.NotTheHolder
    return token


def _in_time(row: Appointment) -> None:
    if row.starts_at is not None and now() > row.starts_at - rules.FREE_UNTIL:
        raise rules.TooLateToChange


def _place(wish: Wish) -> str:
    if wish.online:
        return ""
    return rules.text(wish.place, rules.LONGEST_PLACE, "会場の場所を入力してください。", "place")


def _buyer(account_id: int) -> str:
    return f"buyer:{get(Account, account_id).code}"
