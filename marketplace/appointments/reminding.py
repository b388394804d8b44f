"""The day before a date that was fixed, its holder is reminded: once for each such date.

Whose date was fixed within that day has just been told, and is not told again.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.letters import LetterKind, stopped
from marketplace.appointments.models import Appointment, AppointmentState
from marketplace.appointments.telling import tell
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, lock, transaction
from marketplace.kit.sheets import sheet

A_DAY = timedelta(days=1)


def remind(appointment_id: int) -> None:
    """Asked again, or after anything changed, it changes nothing."""
    with transaction():
        row = lock(Appointment, appointment_id)
        if row.state != AppointmentState.CONFIRMED or row.starts_at is None or row.reminded_for == row.starts_at:
            return
        if not now() < row.starts_at <= now() + A_DAY:
            return
        row.reminded_for = row.starts_at
        if row.changed_at < row.starts_at - A_DAY:
            tell("appointment_tomorrow", row, key=row.starts_at.isoformat())


@sheet(every=300, name="appointments.remind")
def remind_due() -> None:
    near = (Appointment.starts_at > now(), Appointment.starts_at <= now() + A_DAY)
    due = sa.select(Appointment.id).where(Appointment.state == AppointmentState.CONFIRMED, *near)
    due = due.where(
        Appointment.reminded_for.is_distinct_from(Appointment.starts_at),
        Appointment.account_id.not_in(stopped(LetterKind.TOMORROW)),
    )
    ids = list(db.session.scalars(due.order_by(Appointment.id)))
    let_go()
    for appointment_id in ids:
        remind(appointment_id)
