"""A waiting room before a sale, and the places in it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.listings.models import Listing


class RoomState(StrEnum):
    GATHERING = "gathering"
    """Before the opening: who comes now is in the draw of the order."""
    SHUFFLING = "shuffling"
    """The list of those who came before is fixed; chance has not spoken yet. Who comes now stands behind them."""
    CALLING = "calling"
    OVER = "over"

    @property
    def ja(self) -> str:
        return STATE_JA[self]


STATE_JA = {
    RoomState.GATHERING: "受付の開始を待っています",
    RoomState.SHUFFLING: "順番を決めています",
    RoomState.CALLING: "順番にご案内しています",
    RoomState.OVER: "終わりました",
}

LIVE = (RoomState.GATHERING, RoomState.SHUFFLING, RoomState.CALLING)


class Room(Base):
    """One for each sale that is announced with it. docs/waiting-v1.md says how strangers recompute the order."""

    __tablename__ = "waiting_rooms"
    __table_args__ = (
        sa.CheckConstraint("issued >= 0 AND called BETWEEN 0 AND last", name="called_in_order"),
        sa.CheckConstraint(
            "state = 'over' OR (state = 'gathering') = (fixed IS NULL)", name="list_fixed_when_it_is_closed"
        ),
        sa.CheckConstraint("called = 0 OR drawn_at IS NOT NULL", name="nobody_called_before_the_draw"),
        sa.CheckConstraint("(drawn_at IS NULL) = (seed IS NULL)", name="drawn_with_a_seed"),
    )
    MOVES: ClassVar[Machine[RoomState]] = Machine(
        {
            "waiting.close": {RoomState.GATHERING: RoomState.SHUFFLING},
            "waiting.shuffle": {RoomState.SHUFFLING: RoomState.CALLING},
            "waiting.end": dict.fromkeys(LIVE, RoomState.OVER),
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"), unique=True)
    listing: Mapped[Listing] = relationship()
    code: Mapped[str] = mapped_column(sa.String(16), unique=True)
    """The listing's."""
    state: Mapped[RoomState] = state_column(RoomState)
    secret: Mapped[str] = mapped_column(sa.String(64))
    """32 random bytes, hex, shown to nobody before the draw; their hash is public from the notice on."""
    issued: Mapped[int] = mapped_column(default=0)
    """Numbers given by arrival."""
    last: Mapped[int] = mapped_column(default=0)
    """The last position that somebody has."""
    called: Mapped[int] = mapped_column(default=0)
    """The last position that was called."""
    fixed: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """The commit, fixed at the close before chance speaks: {"listing", "rules", "n", "sealed", "chain", "round"}."""
    draw_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    """How often the beacon was asked in vain."""
    ask_at: Mapped[datetime | None]
    signature: Mapped[str | None] = mapped_column(sa.String(96))
    """The beacon's, hex; None where it stayed silent."""
    seed: Mapped[str | None] = mapped_column(sa.String(64))
    drawn_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"waiting:{self.code}"

    @property
    def sealed(self) -> str:
        return sha256(bytes.fromhex(self.secret)).hexdigest()

    @property
    def waiting(self) -> int:
        """Positions that were not called yet."""
        return self.issued if self.state in (RoomState.GATHERING, RoomState.SHUFFLING) else self.last - self.called


class Via(StrEnum):
    WEB = "web"
    DESK = "desk"


class Place(Base):
    """整理券: one for each person."""

    __tablename__ = "waiting_places"
    __table_args__ = (
        sa.UniqueConstraint("room_id", "account_id", name="uq_waiting_places_one_each"),
        sa.UniqueConstraint("room_id", "no", name="uq_waiting_places_no"),
        sa.UniqueConstraint("room_id", "position", name="uq_waiting_places_position"),
        sa.CheckConstraint("no >= 1 AND (position IS NULL OR position >= 1)", name="counted_from_one"),
        sa.CheckConstraint("called_at IS NULL OR position IS NOT NULL", name="called_by_position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("waiting_rooms.id"))
    room: Mapped[Room] = relationship()
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    """None once it was forgotten who that was."""
    no: Mapped[int]
    """By arrival, from 1: what is drawn."""
    position: Mapped[int | None]
    """In the order of calling; None before the draw for those who are in it. Whoever missed a turn gets a new one."""
    via: Mapped[Via] = state_column(Via, name="via")
    joined_at: Mapped[datetime]
    called_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
