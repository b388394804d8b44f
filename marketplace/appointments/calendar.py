"""A lecturer's calendar: who is free when, what is booked, what is not to be had. Nobody is in two places at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from marketplace.appointments.models import SLOT, Absence, Appointment, Lecturer, LectureRight, Slot
from marketplace.appointments.rules import NoLecturer, Taken
from marketplace.journal.writing import note
from marketplace.kit.clock import jst, midnight
from marketplace.kit.db import db, get, insert_once, lock, transaction, writing
from marketplace.kit.refusals import Invalid


def book(row: Appointment, starts_at: datetime) -> None:
    """Give the time to the appointment, inside the caller's transaction. Taken where any part of it is gone."""
    assert writing(), "book() belongs inside transaction()"
    lock(Lecturer, row.lecturer_id)
    if not free(row.lecturer_id, starts_at, row.lasts):
        raise Taken
    for at in slots(starts_at, row.lasts):
        if insert_once(Slot, {"lecturer_id": row.lecturer_id, "at": at, "appointment_id": row.id}) is None:
            raise Taken  # the database's own word, whatever was seen before


def give_back(row: Appointment) -> None:
    """The time is anybody's again."""
    assert writing(), "give_back() belongs inside transaction()"
    db.session.execute(sa.delete(Slot).where(Slot.appointment_id == row.id))


def free(lecturer_id: int, starts_at: datetime, lasts: timedelta) -> bool:
    """As it is seen now; only book() is sure."""
    ends_at = starts_at + lasts
    away = sa.select(Absence.id).where(
        Absence.lecturer_id == lecturer_id, Absence.starts_at < ends_at, Absence.ends_at > starts_at
    )
    taken = sa.select(Slot.id).where(Slot.lecturer_id == lecturer_id, Slot.at >= starts_at, Slot.at < ends_at)
    return db.session.scalar(away.limit(1)) is None and db.session.scalar(taken.limit(1)) is None


def check_free(lecturer_id: int, starts: Sequence[datetime | None], lasts: timedelta) -> None:
    """Invalid beside the date that is gone, so that nobody waits for a no."""
    for number, start in enumerate(starts, 1):
        if start is not None and not free(lecturer_id, start, lasts):
            raise Invalid(Taken.message, field=f"starts_{number}")


def slots(starts_at: datetime, lasts: timedelta) -> list[datetime]:
    return [starts_at + SLOT * number for number in range(-(-lasts // SLOT))]


def lecture_of(right_id: int) -> LectureRight:
    """Whom the right asks for. NoLecturer where nobody was named yet."""
    found = db.session.get(LectureRight, right_id)
    if found is None:
        raise NoLecturer
    return found


def put_lecturer(name: str, by: str) -> int:
    """A new lecturer; their id. Invalid for a name that is there."""
    plain = " ".join(name.split())
    if not plain:
        raise Invalid("名前を入力してください。", field="name")
    with transaction():
        made = db.session.scalar(sa.select(Lecturer.id).where(Lecturer.name == plain))
        lecturer = Lecturer(name=plain)
        if made is not None:
            raise Invalid("同じ名前の方が登録されています。", field="name")
        db.session.add(lecturer)
        db.session.flush()
        note(lecturer.subject, "put_lecturer", by=by)
        return lecturer.id


def name_lecturer(right_id: int, lecturer_id: int, minutes: int, by: str) -> None:
    """From now on, this right asks for that lecturer; what is open stays with whom it was asked."""
    with transaction() as session:
        lecturer = get(Lecturer, lecturer_id)
        if minutes % 30 or not 30 <= minutes <= 240:
            raise Invalid("30分ごとに、30分から240分までで入れてください。", field="minutes")
        row = session.get(LectureRight, right_id) or LectureRight(right_id=right_id)
        row.lecturer_id, row.minutes = lecturer.id, minutes
        session.add(row)
        note(lecturer.subject, "name_lecturer", by=by, right=right_id, minutes=minutes)


def take_off(lecturer_id: int, starts_at: datetime, ends_at: datetime, why: str, by: str) -> int:
    """Write down time that is not to be had. Invalid where an appointment stands in it: that one is moved first."""
    if ends_at <= starts_at:
        raise Invalid("終わりは、始まりよりあとの日時です。", field="ends_at")
    with transaction() as session:
        lecturer = lock(Lecturer, lecturer_id)
        inside = sa.select(Slot.appointment_id).where(
            Slot.lecturer_id == lecturer_id, Slot.at > starts_at - SLOT, Slot.at < ends_at
        )
        if (booked := session.scalar(inside.limit(1))) is not None:
            code = get(Appointment, booked).code
            raise Invalid(
                f"この時間には、決まった日程（{code}）があります。先に日程を変えてください。", field="starts_at"
            )
        absence = Absence(lecturer_id=lecturer_id, starts_at=starts_at, ends_at=ends_at, why=why.strip())
        session.add(absence)
        session.flush()
        note(lecturer.subject, "take_off", by=by)
        return absence.id


def give_time_back(absence_id: int, by: str) -> None:
    """The lecturer can be had after all. Again: nothing."""
    with transaction() as session:
        absence = session.get(Absence, absence_id)
        if absence is not None:
            note(get(Lecturer, absence.lecturer_id).subject, "give_time_back", by=by)
            session.delete(absence)


def week_of(on: date) -> list[date]:
    """Monday to Friday of its week."""
    monday = on - timedelta(days=on.weekday())
    return [monday + timedelta(days=number) for number in range(5)]


def busy(lecturer_id: int, first: date, last: date) -> dict[datetime, Appointment | Absence]:
    """{slot's beginning in Japan: what fills it} from the first day to the last one."""
    begin = midnight(first)
    end = midnight(last + timedelta(days=1))
    found: dict[datetime, Appointment | Absence] = {}
    away = sa.select(Absence).where(
        Absence.lecturer_id == lecturer_id, Absence.starts_at < end, Absence.ends_at > begin
    )
    for absence in db.session.scalars(away):
        at = begin
        while at < end:
            if absence.starts_at < at + SLOT and absence.ends_at > at:
                found[at] = absence
            at += SLOT
    booked = sa.select(Slot.at, Appointment).join(Appointment, Appointment.id == Slot.appointment_id)
    booked = booked.where(Slot.lecturer_id == lecturer_id, Slot.at >= begin, Slot.at < end)
    for at, appointment in db.session.execute(booked):
        found[jst(at)] = appointment
    return found
