"""Events, their seats, and who comes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Account
from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class GatheringState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CANCELLED = "cancelled"

    @property
    def ja(self) -> str:
        return GATHERING_JA[self]


GATHERING_JA = {
    GatheringState.DRAFT: "下書き",
    GatheringState.OPEN: "ご案内中",
    GatheringState.CANCELLED: "中止",
}


class Gathering(Base):
    """催し: an online salon, a tour, snow shovelling. Its row is the lock of everybody who wants a seat."""

    __tablename__ = "gatherings"
    __table_args__ = (
        sa.CheckConstraint("ends_at > begins_at", name="ends_after_it_begins"),
        sa.CheckConstraint("ask_until <= begins_at", name="asked_before_it_begins"),
        sa.CheckConstraint("answer_hours > 0", name="time_to_answer"),
        sa.CheckConstraint("asked >= 0", name="asked_counted"),
        sa.CheckConstraint("most_together >= 1", name="together_at_least_one"),
        sa.Index("ix_gatherings_begins_at", "begins_at"),
    )
    MOVES: ClassVar[Machine[GatheringState]] = Machine(
        {
            "announce": {GatheringState.DRAFT: GatheringState.OPEN},
            "call_off": {GatheringState.DRAFT: GatheringState.CANCELLED, GatheringState.OPEN: GatheringState.CANCELLED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("EVT"))
    state: Mapped[GatheringState] = state_column(GatheringState)
    title: Mapped[str] = mapped_column(sa.String(80))
    body: Mapped[str] = mapped_column(sa.Text)
    place: Mapped[str] = mapped_column(sa.String(120))
    """Where it is, for everybody to read."""
    entrance: Mapped[str] = mapped_column(sa.String(300), default="")
    """What only those who come are told: the address of an online room, where to meet."""
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ask_until: Mapped[datetime]
    answer_hours: Mapped[int]
    """How long a seat that became free is kept for the next on the waiting list."""
    most_together: Mapped[int]
    """How many seats one person may ask for, their own counted."""
    right_ids: Mapped[list[Any]] = mapped_column(default=list)
    """For holders of one of these rights; empty: for everybody."""
    perk: Mapped[str | None] = mapped_column(sa.String(16))
    """The plan of an RSVP perk that attending uses, by its id within each of those rights."""
    asked: Mapped[int] = mapped_column(default=0)
    """How often a seat was asked for: the next number on the waiting list."""
    came: Mapped[int | None]
    """How many came, once the bookings themselves are erased."""
    why_off: Mapped[str] = mapped_column(sa.String(500), default="")
    """Why it was called off, for everybody to read; empty where it was never announced."""
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=0)
    """How often it was changed, the calling off included: a calendar takes the higher one."""
    changed_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"gathering:{self.code}"


class Seat(Base):
    """One seat of an event. There are as many rows as seats, and each can be taken once: so it is never overbooked."""

    __tablename__ = "gathering_seats"

    gathering_id: Mapped[int] = mapped_column(sa.ForeignKey("gatherings.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class RsvpState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    """A seat is kept until `answer_until`; the person has not said yet whether they take it."""
    COMING = "coming"
    ATTENDED = "attended"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    CALLED_OFF = "called_off"

    @property
    def ja(self) -> str:
        return RSVP_JA[self]


RSVP_JA = {
    RsvpState.WAITING: "空席待ち",
    RsvpState.OFFERED: "席があきました（お返事待ち）",
    RsvpState.COMING: "参加の予約ずみ",
    RsvpState.ATTENDED: "参加しました",
    RsvpState.LAPSED: "お返事の期限切れ",
    RsvpState.WITHDRAWN: "取り消しずみ",
    RsvpState.CALLED_OFF: "催しの中止",
}
UNDECIDED = (RsvpState.WAITING, RsvpState.OFFERED, RsvpState.COMING)
SEATED = (RsvpState.OFFERED, RsvpState.COMING, RsvpState.ATTENDED)
STANDING = (RsvpState.WAITING, *SEATED)


class Rsvp(Base):
    """参加の予約 of one seat for one event: one row for the person who asks, however often they change their mind, and
    one for each companion they bring. A party asks, waits and answers together (parties.py)."""

    __tablename__ = "rsvps"
    __table_args__ = (
        sa.UniqueConstraint("gathering_id", "account_id", "companion", name="uq_rsvps_one_per_person"),
        sa.UniqueConstraint("gathering_id", "place", name="uq_rsvps_place"),
        sa.UniqueConstraint("gathering_id", "seat", name="uq_rsvps_one_per_seat"),
        sa.ForeignKeyConstraint(
            ["gathering_id", "seat"],
            ["gathering_seats.gathering_id", "gathering_seats.number"],
            name="fk_rsvps_a_seat_that_there_is",
        ),
        sa.CheckConstraint(
            "(state IN ('offered', 'coming', 'attended')) = (seat IS NOT NULL)", name="whoever_comes_has_a_seat"
        ),
        sa.CheckConstraint("companion >= 0", name="companions_counted"),
        sa.CheckConstraint("(state = 'offered') = (answer_until IS NOT NULL)", name="an_offer_has_its_end"),
        sa.CheckConstraint("(state = 'attended') = (attended_at IS NOT NULL)", name="attended_at_a_moment"),
        sa.Index("ix_rsvps_account", "account_id"),
        sa.Index("ix_rsvps_answer_until", "answer_until"),
    )
    MOVES: ClassVar[Machine[RsvpState]] = Machine(
        {
            "ask_again": {RsvpState.WITHDRAWN: RsvpState.WAITING, RsvpState.LAPSED: RsvpState.WAITING},
            "take_seat": {RsvpState.WAITING: RsvpState.COMING},
            "offer_seat": {RsvpState.WAITING: RsvpState.OFFERED},
            "confirm_seat": {RsvpState.OFFERED: RsvpState.COMING},
            "lapse_seat": {RsvpState.OFFERED: RsvpState.LAPSED},
            "give_up_seat": dict.fromkeys(
                (RsvpState.WAITING, RsvpState.OFFERED, RsvpState.COMING), RsvpState.WITHDRAWN
            ),
            "attend": {RsvpState.COMING: RsvpState.ATTENDED},
            "unstamp": {RsvpState.ATTENDED: RsvpState.COMING},
            "call_off": dict.fromkeys(UNDECIDED, RsvpState.CALLED_OFF),
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("RSV"))
    gathering_id: Mapped[int] = mapped_column(sa.ForeignKey("gatherings.id"))
    gathering: Mapped[Gathering] = relationship(overlaps="gathering")
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    account: Mapped[Account] = relationship()
    companion: Mapped[int] = mapped_column(default=0)
    """0 is the person; 1, 2, … are those who come with them, of whom nothing else is known."""
    state: Mapped[RsvpState] = state_column(RsvpState)
    place: Mapped[int]
    """On the waiting list: who asked before has a smaller one. Asking again is at its end."""
    seat: Mapped[int | None]
    asked_at: Mapped[datetime]
    answer_until: Mapped[datetime | None]
    attended_at: Mapped[datetime | None]
    reminded_for: Mapped[datetime | None]
    """The beginning of which the person was reminded."""
    by_pass: Mapped[bool] = mapped_column(default=False)
    """Whether the door read a pass; else somebody ticked the list."""

    @property
    def subject(self) -> str:
        return f"rsvp:{self.code}"
