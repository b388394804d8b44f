"""交換 of cards, and the creators of what is on them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Account
from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.rights.models import Right


class SwapState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    """The custodian has been asked to exchange both cards in one call."""
    SWAPPED = "swapped"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"

    @property
    def ja(self) -> str:
        return SWAP_JA[self]


SWAP_JA = {
    SwapState.OFFERED: "お相手を待っています",
    SwapState.ACCEPTED: "交換の手続き中",
    SwapState.SWAPPED: "交換しました",
    SwapState.WITHDRAWN: "取り下げました",
    SwapState.DECLINED: "辞退されました",
    SwapState.EXPIRED: "期限が過ぎました",
}


_STANDING = sa.text("state IN ('offered', 'accepted')")
_ACCEPTED = sa.text("state = 'accepted'")


class Swap(Base):
    """「これをあげます。あれをください」: to one person, whose address is forgotten with the answer, or to anybody."""

    __tablename__ = "swaps"
    __table_args__ = (
        sa.Index("uq_swaps_give_one", "give_token_id", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
        sa.Index("uq_swaps_take_one", "take_token_id", unique=True, sqlite_where=_ACCEPTED, postgresql_where=_ACCEPTED),
        sa.CheckConstraint("(state IN ('accepted', 'swapped')) = (taker_id IS NOT NULL)", name="accepted_by_somebody"),
        sa.CheckConstraint("(taker_id IS NULL) = (take_token_id IS NULL)", name="for_a_card_of_theirs"),
        sa.CheckConstraint("taker_id <> giver_id", name="with_another"),
        sa.CheckConstraint("take_token_id <> give_token_id", name="for_another_card"),
        sa.CheckConstraint("to_email IS NULL OR state = 'offered'", name="address_until_the_answer"),
        sa.CheckConstraint("expires_at > offered_at", name="lasts_a_while"),
        sa.Index("ix_swaps_want", "want_right_id", "state"),
        sa.Index("ix_swaps_state", "state", "id"),
        sa.Index("ix_swaps_give", "give_token_id"),
        sa.Index("ix_swaps_take", "take_token_id"),
        sa.Index("ix_swaps_giver", "giver_id"),
        sa.Index("ix_swaps_taker", "taker_id"),
        sa.Index("ix_swaps_to_email", "to_email"),
    )
    MOVES: ClassVar[Machine[SwapState]] = Machine(
        {
            "accept_swap": {SwapState.OFFERED: SwapState.ACCEPTED},
            "complete_swap": {SwapState.ACCEPTED: SwapState.SWAPPED},
            "withdraw_swap": {SwapState.OFFERED: SwapState.WITHDRAWN},
            "decline_swap": {SwapState.OFFERED: SwapState.DECLINED},
            "expire_swap": {SwapState.OFFERED: SwapState.EXPIRED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("SWP"))
    state: Mapped[SwapState] = state_column(SwapState)
    giver_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    giver: Mapped[Account] = relationship(foreign_keys=giver_id)
    give_token_id: Mapped[int] = mapped_column(sa.BigInteger)
    want_right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    want: Mapped[Right] = relationship()
    want_serial: Mapped[int | None]
    """One number of it; None where any will do."""
    for_one: Mapped[bool]
    """Whether it was offered to one person."""
    to_email: Mapped[str | None] = mapped_column(sa.String(254))
    taker_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    taker: Mapped[Account | None] = relationship(foreign_keys=taker_id)
    take_token_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"swap:{self.code}"

    @property
    def call_key(self) -> str:
        """Of the one call that moves both cards."""
        return f"swap:{self.code}"


class Creator(Base):
    """公認クリエイター: whoever drew or made what a right shows. The name is the one under which they publish."""

    __tablename__ = "creators"
    __table_args__ = (sa.UniqueConstraint("certificate_token_id", name="uq_creators_certificate"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("CRE"))
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"), unique=True)
    """Theirs, once they have signed in: to it goes the certificate."""
    certificate_token_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    taken_in_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"creator:{self.code}"


class Licence(Base):
    """What a creator lets the town do with a work, and their share of the royalties that the town's fund receives.

    Renewed, it is one more row, and the one before ends on the day before: what was owed for a time stays as it was
    agreed for that time. The shares of one right are checked under its row: on no day more than all of it.
    """

    __tablename__ = "licences"
    __table_args__ = (
        sa.UniqueConstraint("creator_id", "right_id", "begins_on", name="uq_licences_once"),
        sa.CheckConstraint("share_bps BETWEEN 0 AND 10000", name="share_of_the_royalty"),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= begins_on", name="ends_after_it_begins"),
        sa.Index("ix_licences_right", "right_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    creator_id: Mapped[int] = mapped_column(sa.ForeignKey("creators.id"))
    creator: Mapped[Creator] = relationship()
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    right: Mapped[Right] = relationship()
    work: Mapped[str] = mapped_column(sa.String(120))
    """What they made: 「わらび」の原画."""
    terms: Mapped[str] = mapped_column(sa.Text)
    """What the town may do with it, as agreed."""
    share_bps: Mapped[int]
    """Of the royalty that reached the fund, in hundredths of a percent."""
    begins_on: Mapped[date]
    ends_on: Mapped[date | None]
