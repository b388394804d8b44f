"""完了: the office writes down what was held, the holder confirms or objects, and it is counted once."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.appointments import rules
from marketplace.appointments.asking import held_by
from marketplace.appointments.counting import check_room, count, left
from marketplace.appointments.models import Appointment, AppointmentState
from marketplace.appointments.telling import tell
from marketplace.journal.writing import SYSTEM, move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import Invalid, Refused, WrongState
from marketplace.kit.sheets import sheet
from marketplace.listings.drafting import staff_name
from marketplace.perks.holding import held_token

TO_ANSWER = timedelta(days=7)
"""Then what the office wrote counts as confirmed."""


def held(appointment_id: int, actor_id: int, uses: int) -> None:
    """It took place, and took so many uses; the holder is asked. After an objection, the office may put it right."""
    if not 1 <= uses <= rules.MOST_USES:
        raise Invalid(f"1回から{rules.MOST_USES}回までで入れてください。", field="uses")
    with transaction():
        token = held_token(get(Appointment, appointment_id).token_id)
        row = lock(Appointment, appointment_id)
        if row.starts_at is None or now() < row.starts_at:
            raise rules.NotYetHeld
        check_room(token, uses, but=row.id)
        row.done_uses, row.done_by, row.done_at = uses, actor_id, now()
        move(row, "appointment.hold", by=staff_name(actor_id), uses=uses)
        tell("appointment_held", row, key=row.done_at.isoformat(), until=row.done_at + TO_ANSWER)


def confirm(appointment_id: int, account_id: int) -> None:
    """The holder says that it was so; it is counted. Again: nothing."""
    with transaction():
        row = held_by(appointment_id, account_id)
        if row.state == AppointmentState.SETTLED:
            return
        if row.state != AppointmentState.DONE:
            raise WrongState
        _count(row, by=f"buyer:{get(Account, account_id).code}")


def object_to(appointment_id: int, account_id: int, text: str) -> None:
    """The holder says that it was not so; the office looks at it, and nothing is counted meanwhile."""
    said = rules.text(text, 500, "どこがちがうかを書いてください。職員が読みます。", "text")
    with transaction():
        row = held_by(appointment_id, account_id)
        row.objection = said
        move(row, "appointment.object", by=f"buyer:{get(Account, account_id).code}")


def settle(appointment_id: int, actor_id: int, why: str) -> None:
    """The office counts what was objected to after all, with what it found out. The holder reads it."""
    said = rules.text(why, 500, "確かめたことを書いてください。持ち主が読みます。", "why")
    with transaction():
        held_token(get(Appointment, appointment_id).token_id)
        row = lock(Appointment, appointment_id)
        if row.state != AppointmentState.OBJECTED:
            raise WrongState
        row.reason = said
        _count(row, by=staff_name(actor_id))


@sheet(every=3600, name="appointments.settle")
def settle_due() -> None:
    """Nobody objected in a week: it counts."""
    late = (Appointment.state == AppointmentState.DONE, Appointment.done_at <= now() - TO_ANSWER)
    due = list(db.session.scalars(sa.select(Appointment.id).where(*late).order_by(Appointment.id)))
    let_go()
    for appointment_id in due:
        with suppress(Refused), transaction():  # one that can't be counted stands on the desk, and stops no other
            held_token(get(Appointment, appointment_id).token_id)
            row = lock(Appointment, appointment_id)
            if row.state == AppointmentState.DONE and row.done_at and row.done_at <= now() - TO_ANSWER:
                _count(row, by=SYSTEM)


def _count(row: Appointment, *, by: str) -> None:
    move(row, "appointment.count", by=by, uses=row.done_uses)
    row.settled_at = now()
    count(row)
    tell("appointment_counted", row, key="1", left=left(row.token))
