"""What becomes of appointments when the right changes hands: dates end, both are told; what was held is looked at."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.appointments.asking import unfix
from marketplace.appointments.counting import left
from marketplace.appointments.models import BOOKABLE, OPEN, UNCOUNTED, Appointment, AppointmentState, begun
from marketplace.appointments.telling import tell
from marketplace.journal.writing import SYSTEM, move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import Refused
from marketplace.perks.holding import holds, token_of
from marketplace.tokens.binding import binds
from marketplace.tokens.models import Token

SOLD = "権利の持ち主が変わりました"
FOR_THE_OFFICE = f"{SOLD}。この利用を数えるかを、職員が確かめます。"


class NotCountedYet(Refused):
    code = "appointment_not_counted"
    message = "終わった講演・相談の確認がまだです。マイページで確認がすむと、ゆずることができます。"


@binds("appointments.uncounted")
def uncounted(tokens: Collection[Token]) -> dict[int, Refused]:
    """What was held has to be counted first: a buyer must see the true number. So has what has begun and is not written
    down yet."""
    theirs = Appointment.token_id.in_([token.token_id for token in tokens])
    found = sa.select(Appointment.token_id).where(theirs, sa.or_(Appointment.state.in_(UNCOUNTED), begun()))
    return dict.fromkeys(db.session.scalars(found), NotCountedYet())


def changed_hands(token_id: int) -> None:
    """End what its former holder had open; nothing where they hold it still, in a wallet of their own. Idempotent."""
    open_ones = sa.select(Appointment.id).where(Appointment.token_id == token_id, Appointment.state.in_(OPEN))
    ids = list(db.session.scalars(open_ones.order_by(Appointment.id)))
    let_go()
    for appointment_id in ids:
        with transaction():
            token, row = token_of(token_id), lock(Appointment, appointment_id)
            if holds(row.account_id, token):
                continue
            if row.state == AppointmentState.CONFIRMED and row.starts_at and row.starts_at <= now():
                row.objection = FOR_THE_OFFICE  # it may have taken place: the office writes it down, or cancels it
            elif row.state in BOOKABLE:
                unfix(row, "appointment.cancel", by=SYSTEM, why=SOLD)
                row.reason = SOLD
                tell("appointment_sold", row, key="1")
                _tell_the_next(row, token)
            elif row.state == AppointmentState.DONE:
                row.objection = row.objection or FOR_THE_OFFICE
                move(row, "appointment.object", by=SYSTEM, why=SOLD)


def _tell_the_next(row: Appointment, token: Token) -> None:
    if token.holder_id is not None:
        to = get(Account, token.holder_id).email
        tell("appointment_inherited", row, key=str(token.holder_id), to=to, left=left(token))
