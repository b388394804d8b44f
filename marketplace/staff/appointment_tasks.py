"""What lectures and consultations ask of the office: wishes to answer, dates that are over, objections."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.appointments.models import Appointment, AppointmentState, begun
from marketplace.kit.db import db
from marketplace.kit.shown import when
from marketplace.staff.tasks import Task


def appointments() -> list[Task]:
    """What the holders were told to wait for, the oldest first."""
    asked = [
        Task("日程", "warn", f"{row.lecturer.name}への希望の日程", row.token.right.title_ja, _at(row), "返事をする")
        for row in _in(Appointment.state == AppointmentState.REQUESTED)
    ]
    objected = [
        Task("異議", "bad", "回数の記録への異議", row.token.right.title_ja, _at(row), "確かめる")
        for row in _in(Appointment.state == AppointmentState.OBJECTED)
    ]
    over = begun()
    held = [
        Task(
            "完了",
            "warn",
            "終わったことを記録してください",
            f"{when(row.starts_at)}　{row.lecturer.name}",
            _at(row),
            "記録する",
        )
        for row in _in(over)
        if row.starts_at
    ]
    return [*objected, *asked, *held]


def _in(those: sa.ColumnElement[bool]) -> list[Appointment]:
    return list(db.session.scalars(sa.select(Appointment).where(those).order_by(Appointment.changed_at)))


def _at(row: Appointment) -> str:
    return f"/staff/appointments/{row.code}"
