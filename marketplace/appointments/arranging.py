"""What the office does: fix one of the dates, offer others, refuse or cancel with a reason."""

from __future__ import annotations

from datetime import datetime

from marketplace.appointments import calendar, rules
from marketplace.appointments.asking import Dates, dates_of, fix, unfix, write_dates
from marketplace.appointments.models import Appointment, AppointmentState, Side
from marketplace.appointments.telling import tell
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import lock, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings.drafting import staff_name


def confirm(appointment_id: int, actor_id: int, starts_at: datetime) -> None:
    """Fix one of the holder's dates. Taken where the lecturer is somewhere else then. Again with the same: nothing."""
    with transaction():
        row = lock(Appointment, appointment_id)
        if row.state == AppointmentState.CONFIRMED and row.starts_at == starts_at:
            return
        if row.state != AppointmentState.REQUESTED:
            raise WrongState
        if starts_at not in dates_of(row):
            raise Invalid("希望された日時の中から選んでください。", field="starts_at")
        if starts_at <= now():
            raise Invalid("過ぎた日時です。ほかの日時を提案してください。", field="starts_at")
        fix(row, starts_at, by=staff_name(actor_id))


def offer(appointment_id: int, actor_id: int, starts: Dates, why: str) -> None:
    """Offer other dates with a word why; of a date that was fixed it is a move, and that time is free again."""
    said = rules.text(why, 500, "理由を書いてください。持ち主が読みます。", "why")
    with transaction():
        row = lock(Appointment, appointment_id)
        rules.check_dates(starts, row.lasts, now(), by_town=True)
        if row.state == AppointmentState.CONFIRMED:
            if row.moves_town >= rules.MOST_MOVES:
                raise rules.MovedTooOften(
                    "決まった日程を町から変えられるのは2回までです。取り消して、お電話でご相談ください。"
                )
            row.moves_town += 1
        unfix(row, "appointment.offer", by=staff_name(actor_id))
        calendar.check_free(row.lecturer_id, starts, row.lasts)
        row.reason = said
        row.round += 1
        write_dates(row, starts, Side.TOWN)
        tell("appointment_offered", row, key=str(row.round), starts=[each for each in starts if each is not None])


def open_room(appointment_id: int, actor_id: int, entrance: str) -> None:
    """Tell the holder how they come in, where the date that is fixed is online. The same again: nothing. WrongState."""
    said = rules.text(entrance, rules.LONGEST_ENTRANCE, "入り方を書いてください。持ち主に送ります。", "entrance")
    with transaction():
        row = lock(Appointment, appointment_id)
        if row.state != AppointmentState.CONFIRMED or not row.online:
            raise WrongState
        if row.entrance == said:
            return
        row.entrance, row.changed_at = said, now()
        row.sequence += 1
        note(row.subject, "appointment.open_room", by=staff_name(actor_id))
        tell("appointment_room", row, key=str(row.sequence))


def refuse(appointment_id: int, actor_id: int, why: str) -> None:
    """No appointment at all; nothing is counted."""
    said = rules.text(why, 500, "お受けできない理由を書いてください。持ち主が読みます。", "why")
    with transaction():
        row = lock(Appointment, appointment_id)
        row.reason = said
        move(row, "appointment.refuse", by=staff_name(actor_id))
        row.changed_at = now()
        tell("appointment_refused", row, key="1")


def cancel(appointment_id: int, actor_id: int, why: str) -> None:
    """The town can't keep the date, or what was held is not counted after all. Nothing is counted."""
    said = rules.text(why, 500, "取り消す理由を書いてください。持ち主が読みます。", "why")
    with transaction():
        row = lock(Appointment, appointment_id)
        row.reason = said
        unfix(row, "appointment.cancel", by=staff_name(actor_id))
        tell("appointment_cancelled", row, key="town", by_holder=False)
