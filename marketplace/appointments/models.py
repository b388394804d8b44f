"""Lecturers and their calendars, appointments with the dates that were proposed, and the uses they counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Account
from marketplace.kit.clock import now
from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.rights.models import Right
from marketplace.tokens.models import Token

SLOT = timedelta(minutes=30)
"""The grain of every calendar: an appointment begins at :00 or :30 and fills whole slots."""


class Lecturer(Base):
    """Whose time is asked for: 「町長」. The row is the lock of the calendar."""

    __tablename__ = "lecturers"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("LEC"))
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)

    @property
    def subject(self) -> str:
        return f"lecturer:{self.code}"


class LectureRight(Base):
    """Whom a right asks for, and how long one use of it lasts."""

    __tablename__ = "lecture_rights"
    __table_args__ = (sa.CheckConstraint("minutes BETWEEN 30 AND 240 AND minutes % 30 = 0", name="whole_slots"),)

    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"), primary_key=True)
    right: Mapped[Right] = relationship(lazy="joined", innerjoin=True)
    lecturer_id: Mapped[int] = mapped_column(sa.ForeignKey("lecturers.id"))
    lecturer: Mapped[Lecturer] = relationship(lazy="joined", innerjoin=True)
    minutes: Mapped[int] = mapped_column(default=60)


class Absence(Base):
    """Time of a lecturer that is not to be had: a council, a journey, a day off."""

    __tablename__ = "lecturer_absences"
    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at", name="lasts_a_while"),
        sa.Index("ix_lecturer_absences_lecturer", "lecturer_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lecturer_id: Mapped[int] = mapped_column(sa.ForeignKey("lecturers.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(sa.String(60), default="")
    """For the office only."""


class AppointmentState(StrEnum):
    REQUESTED = "requested"
    OFFERED = "dates_offered"
    CONFIRMED = "date_fixed"
    DONE = "held_once"
    OBJECTED = "objected"
    SETTLED = "counted"
    CANCELLED = "cancelled"
    REFUSED = "refused"

    @property
    def ja(self) -> str:
        return STATE_JA[self]


STATE_JA = {
    AppointmentState.REQUESTED: "町の返事を待っています",
    AppointmentState.OFFERED: "別の日程の提案",
    AppointmentState.CONFIRMED: "日程が決まりました",
    AppointmentState.DONE: "ご確認をお願いします",
    AppointmentState.OBJECTED: "職員が確認しています",
    AppointmentState.SETTLED: "終わり、回数を数えました",
    AppointmentState.CANCELLED: "取り消し",
    AppointmentState.REFUSED: "お受けできませんでした",
}
BOOKABLE = (AppointmentState.REQUESTED, AppointmentState.OFFERED, AppointmentState.CONFIRMED)
"""Not held yet: these end where the token changes hands."""
UNCOUNTED = (AppointmentState.DONE, AppointmentState.OBJECTED)
"""Held, but not counted yet."""
OPEN = (*BOOKABLE, *UNCOUNTED)


class Side(StrEnum):
    HOLDER = "holder"
    TOWN = "town"


class Appointment(Base):
    """One lecture or consultation, from the dates that the holder wishes to the uses that it counted."""

    __tablename__ = "appointments"
    __table_args__ = (
        sa.CheckConstraint("uses BETWEEN 1 AND 8", name="uses_within_a_day"),
        sa.CheckConstraint("minutes BETWEEN 30 AND 240 AND minutes % 30 = 0", name="whole_slots"),
        sa.CheckConstraint(
            "state NOT IN ('date_fixed', 'held_once', 'counted') OR starts_at IS NOT NULL", name="fixed_at_a_moment"
        ),
        sa.CheckConstraint(
            "state NOT IN ('held_once', 'counted') OR done_uses BETWEEN 1 AND 8", name="counted_whole_uses"
        ),
        sa.CheckConstraint("state NOT IN ('refused') OR reason <> ''", name="refused_with_a_reason"),
        sa.CheckConstraint("online OR place <> ''", name="somewhere"),
        sa.CheckConstraint("moves_holder BETWEEN 0 AND 2 AND moves_town BETWEEN 0 AND 2", name="moved_twice_at_most"),
        sa.Index("ix_appointments_token", "token_id", "state"),
        sa.Index("ix_appointments_account", "account_id", "id"),
        sa.Index("ix_appointments_state", "state", "id"),
    )
    MOVES: ClassVar[Machine[AppointmentState]] = Machine(
        {
            "appointment.offer": {
                AppointmentState.REQUESTED: AppointmentState.OFFERED,
                AppointmentState.CONFIRMED: AppointmentState.OFFERED,
            },
            "appointment.ask_again": {
                AppointmentState.OFFERED: AppointmentState.REQUESTED,
                AppointmentState.CONFIRMED: AppointmentState.REQUESTED,
            },
            "appointment.fix": {
                AppointmentState.REQUESTED: AppointmentState.CONFIRMED,
                AppointmentState.OFFERED: AppointmentState.CONFIRMED,
            },
            "appointment.refuse": {
                AppointmentState.REQUESTED: AppointmentState.REFUSED,
                AppointmentState.OFFERED: AppointmentState.REFUSED,
            },
            "appointment.cancel": {
                **dict.fromkeys(BOOKABLE, AppointmentState.CANCELLED),
                # nothing is counted of what did not take place after all
                **dict.fromkeys(UNCOUNTED, AppointmentState.CANCELLED),
            },
            "appointment.hold": {
                AppointmentState.CONFIRMED: AppointmentState.DONE,
                AppointmentState.OBJECTED: AppointmentState.DONE,
            },
            "appointment.object": {AppointmentState.DONE: AppointmentState.OBJECTED},
            "appointment.count": {
                AppointmentState.DONE: AppointmentState.SETTLED,
                AppointmentState.OBJECTED: AppointmentState.SETTLED,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("APT"))
    token_id: Mapped[int] = mapped_column(sa.ForeignKey("tokens.token_id"))
    token: Mapped[Token] = relationship(lazy="joined", innerjoin=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    """The holder who asked."""
    account: Mapped[Account] = relationship(foreign_keys=[account_id])
    lecturer_id: Mapped[int] = mapped_column(sa.ForeignKey("lecturers.id"))
    lecturer: Mapped[Lecturer] = relationship(lazy="joined", innerjoin=True)
    state: Mapped[AppointmentState] = state_column(AppointmentState)
    topic: Mapped[str] = mapped_column(sa.String(500))
    online: Mapped[bool]
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    entrance: Mapped[str] = mapped_column(sa.String(300), default="")
    """How the holder comes in where it is online, for the date that is fixed: the address of a room."""
    uses: Mapped[int]
    """How many uses of the right are wished."""
    minutes: Mapped[int]
    """How long one use lasts."""
    round: Mapped[int] = mapped_column(default=1)
    """Of the dates that are proposed now."""
    starts_at: Mapped[datetime | None]
    """When it is fixed."""
    reminded_for: Mapped[datetime | None]
    """The date of which the holder was reminded."""
    sequence: Mapped[int] = mapped_column(default=0)
    """How often a calendar that has it must be told anew (RFC 5545, SEQUENCE)."""
    changed_at: Mapped[datetime]
    moves_holder: Mapped[int] = mapped_column(default=0)
    moves_town: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    """What the town said last: why refused, why other dates, why cancelled."""
    asked_at: Mapped[datetime]
    done_uses: Mapped[int] = mapped_column(default=0)
    done_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    done_at: Mapped[datetime | None]
    objection: Mapped[str] = mapped_column(sa.String(500), default="")
    settled_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"appointment:{self.code}"

    @property
    def lasts(self) -> timedelta:
        return timedelta(minutes=self.minutes * self.uses)

    @property
    def ends_at(self) -> datetime | None:
        return self.starts_at + self.lasts if self.starts_at else None

    @property
    def path(self) -> str:
        return f"/mypage/appointments/{self.code}"


def begun() -> sa.ColumnElement[bool]:
    """Its hour has come, and nobody has written down yet what became of it."""
    return sa.and_(Appointment.state == AppointmentState.CONFIRMED, Appointment.starts_at <= now())


class Candidate(Base):
    """A date that one side proposed in one round."""

    __tablename__ = "appointment_candidates"
    __table_args__ = (
        sa.UniqueConstraint("appointment_id", "round", "starts_at", name="uq_appointment_candidates_once"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(sa.ForeignKey("appointments.id"))
    round: Mapped[int]
    side: Mapped[Side] = state_column(Side, name="side")
    starts_at: Mapped[datetime]


class Slot(Base):
    """Half an hour of a lecturer that is given away: nobody is in two places at once, says the database itself."""

    __tablename__ = "lecturer_slots"
    __table_args__ = (
        sa.UniqueConstraint("lecturer_id", "at", name="uq_lecturer_slots_once"),
        sa.Index("ix_lecturer_slots_appointment", "appointment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lecturer_id: Mapped[int] = mapped_column(sa.ForeignKey("lecturers.id"))
    at: Mapped[datetime]
    appointment_id: Mapped[int] = mapped_column(sa.ForeignKey("appointments.id"))


class Count(Base):
    """A use that an appointment counted on chain by itself, for a right without a plan of its perks."""

    __tablename__ = "appointment_counts"
    __table_args__ = (
        sa.UniqueConstraint("appointment_id", "no", name="uq_appointment_counts_once"),
        sa.Index("ix_appointment_counts_token", "token_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(sa.ForeignKey("appointments.id"))
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    no: Mapped[int]
    ref: Mapped[str] = mapped_column(sa.String(66), unique=True)
    """32 random bytes under which the chain has it."""
