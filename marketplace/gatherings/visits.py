"""来町スタンプ: where one can get them, and who got one on which day."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.codes import secret
from marketplace.kit.db import Base, state_column


class StampPoint(Base):
    """A partner where visits are stamped. Its secret makes the numbers; with a new one, printed ones are void."""

    __tablename__ = "stamp_points"

    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("perk_partners.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(sa.String(64), default=secret)
    screen_key: Mapped[str] = mapped_column(sa.String(64), unique=True, default=secret)
    """In the address of the page that a tablet at the partner's shows."""
    opened_at: Mapped[datetime]


class Way(StrEnum):
    POSTER = "poster"
    """The printed code, and the number of the day that stands at the desk."""
    SCREEN = "screen"
    """A code on the partner's own screen, which changes each minute."""


class Visit(Base):
    """One person at one partner on one day in Japan: once, however often the code is read."""

    __tablename__ = "visits"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "partner_id", "day", name="uq_visits_once_a_day"),
        sa.Index("ix_visits_day", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("perk_partners.id"))
    day: Mapped[date]
    at: Mapped[datetime]
    way: Mapped[Way] = state_column(Way, name="way")
    right_ids: Mapped[list[Any]] = mapped_column(default=list)
    """Of which rights they held a token then."""
    again: Mapped[bool]
    """Whether they had come on an earlier day that is still known."""


class PastMonth(Base):
    """What is left of a month when nobody knows any more who came: numbers."""

    __tablename__ = "past_months"
    __table_args__ = (sa.CheckConstraint("came_again <= visitors AND visitors <= visits", name="counted_people"),)

    first: Mapped[date] = mapped_column(primary_key=True)
    """Its first day."""
    visits: Mapped[int]
    visitors: Mapped[int]
    came_again: Mapped[int]
    attended: Mapped[int]
