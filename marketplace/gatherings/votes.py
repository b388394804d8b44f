"""お題の投票: what is asked, the roll of those who may answer, and how many chose what.

The roll is fixed when a poll opens, from what the chain said at one block: each token is one vote, of whoever held it
then. Of a secret poll nothing says who chose what, not even here: a voice is cast, and a number is one higher.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class PollState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    DROPPED = "dropped"

    @property
    def ja(self) -> str:
        return POLL_JA[self]


POLL_JA = {
    PollState.DRAFT: "下書き",
    PollState.OPEN: "受付中",
    PollState.CLOSED: "締め切りました",
    PollState.DROPPED: "取りやめ",
}


class Poll(Base):
    __tablename__ = "polls"
    __table_args__ = (
        sa.CheckConstraint("(state IN ('open', 'closed')) = (snapshot_block IS NOT NULL)", name="open_with_its_block"),
        sa.Index("ix_polls_state", "state", "closes_at"),
    )
    MOVES: ClassVar[Machine[PollState]] = Machine(
        {
            "open_poll": {PollState.DRAFT: PollState.OPEN},
            "close_poll": {PollState.OPEN: PollState.CLOSED},
            "drop_poll": {PollState.DRAFT: PollState.DROPPED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("POL"))
    state: Mapped[PollState] = state_column(PollState)
    title: Mapped[str] = mapped_column(sa.String(80))
    body: Mapped[str] = mapped_column(sa.Text)
    right_ids: Mapped[list[Any]] = mapped_column(default=list)
    """Tokens of these rights vote; empty: all tokens."""
    secret: Mapped[bool]
    """Nobody, the town included, learns who chose what; else each token's choice is published at the end."""
    closes_at: Mapped[datetime]
    snapshot_block: Mapped[int | None] = mapped_column(sa.BigInteger)
    snapshot_hash: Mapped[str | None] = mapped_column(sa.String(66))
    opened_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"poll:{self.code}"


class Choice(Base):
    """One answer, and how many voices it has."""

    __tablename__ = "poll_choices"
    __table_args__ = (sa.CheckConstraint("votes >= 0", name="votes_counted"),)

    poll_id: Mapped[int] = mapped_column(sa.ForeignKey("polls.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(sa.String(80))
    votes: Mapped[int] = mapped_column(default=0)


class Voice(Base):
    """One token's right to vote, of whoever held it at the snapshot. `choice` is known in open polls alone."""

    __tablename__ = "poll_voices"
    __table_args__ = (
        sa.UniqueConstraint("poll_id", "token_id", name="uq_poll_voices_one_per_token"),
        sa.CheckConstraint("choice IS NULL OR given", name="chosen_by_casting"),
        sa.ForeignKeyConstraint(
            ["poll_id", "choice"],
            ["poll_choices.poll_id", "poll_choices.number"],
            name="fk_poll_voices_a_choice_that_there_is",
        ),
        sa.Index("ix_poll_voices_holder", "poll_id", "holder_address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(sa.ForeignKey("polls.id"))
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    holder_address: Mapped[str] = mapped_column(sa.String(42))
    given: Mapped[bool] = mapped_column(default=False)
    choice: Mapped[int | None]
