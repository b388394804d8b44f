"""A lottery of one listing, its entries, and its draw."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.listings.models import Listing
from marketplace.lotteries.applicants import Channel, VoidReason
from marketplace.lotteries.rules import Terms
from marketplace.lotteries.states import EntryState, LotteryState


class Lottery(Base):
    __tablename__ = "lotteries"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", name="uq_lotteries_one_per_listing"),
        sa.CheckConstraint("draw_at >= closes_at", name="drawn_after_the_close"),
        sa.CheckConstraint("(chain = 'dice') = (round = 0)", name="dice_have_no_round"),
        sa.CheckConstraint("signed_off_by <> drawn_by", name="signed_off_by_another_person"),
        sa.CheckConstraint("(signed_off_by IS NULL) = (signed_off_at IS NULL)", name="signed_off_at_a_time"),
    )
    MOVES: ClassVar[Machine[LotteryState]] = Machine(
        {
            "close": {LotteryState.OPEN: LotteryState.CLOSED},
            "draw": {LotteryState.CLOSED: LotteryState.DRAWN},
            "settle": {LotteryState.DRAWN: LotteryState.SETTLED},
            "cancel": {
                LotteryState.OPEN: LotteryState.CANCELLED,
                LotteryState.CLOSED: LotteryState.CANCELLED,
                LotteryState.DRAWN: LotteryState.CANCELLED,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    listing: Mapped[Listing] = relationship(lazy="select")
    code: Mapped[str] = mapped_column(sa.String(16))
    """The listing's code."""
    state: Mapped[LotteryState] = state_column(LotteryState)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    draw_at: Mapped[datetime]
    chain: Mapped[str] = mapped_column(sa.String(64))
    """The source of chance that the notice names: "dice", or drand quicknet's chain hash."""
    round: Mapped[int]
    """The beacon's round for `draw_at`; 0 for dice."""
    received: Mapped[int] = mapped_column(default=0)
    """The last receipt number given."""
    promote_until: Mapped[datetime]
    """Until then whoever waits may be promoted."""
    wave: Mapped[int] = mapped_column(default=0)
    """The last wave of promotions; the winners of the draw are wave 0."""
    asked: Mapped[int] = mapped_column(default=0)
    """How often the beacon was asked in vain."""
    ask_at: Mapped[datetime | None]
    """When it is asked again."""
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    """What it said the last time."""
    drawn_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    """Who brought chance in; nobody where the worker fetched it."""
    signed_off_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    signed_off_at: Mapped[datetime | None]
    most_lots: Mapped[int] = mapped_column(default=1)
    least_age: Mapped[int | None]
    age_by_birth: Mapped[bool] = mapped_column(default=False)
    asks_address: Mapped[bool] = mapped_column(default=False)
    asks_sms: Mapped[bool] = mapped_column(default=False)
    asks_card: Mapped[bool] = mapped_column(default=False)
    groups: Mapped[str] = mapped_column(sa.String(80), default="")
    retain_days: Mapped[int]
    erased_at: Mapped[datetime | None]
    """When the personal data of those who did not buy was erased."""

    @property
    def terms(self) -> Terms:
        """As they were approved."""
        return Terms(*(getattr(self, field) for field in Terms._fields))

    @property
    def erase_at(self) -> datetime:
        """The retention date, as the notice tells it."""
        return self.draw_at + timedelta(days=self.retain_days)

    @property
    def subject(self) -> str:
        return f"lottery:{self.code}"


LIVE = sa.text("state <> 'withdrawn' AND channel <> 'family'")
COUNTS = sa.text("state NOT IN ('withdrawn', 'void')")
COUNTS_BY_PHONE = sa.text("state NOT IN ('withdrawn', 'void') AND channel <> 'family'")


class Entry(Base):
    """One person's application. `no`, `ch` and `lots` are what the public sees of it."""

    __tablename__ = "entries"
    __table_args__ = (
        sa.UniqueConstraint("lottery_id", "seq", name="uq_entries_order_of_receipt"),
        sa.Index(
            "uq_entries_one_per_person",
            "lottery_id",
            "account_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        *(
            sa.Index(name, "lottery_id", key, unique=True, sqlite_where=which, postgresql_where=which)
            for name, key, which in (
                ("uq_entries_first_of_a_person_counts", "person_key", COUNTS),
                ("uq_entries_first_of_a_phone_counts", "phone_key", COUNTS_BY_PHONE),
            )
        ),
        sa.Index("ix_entries_card", "lottery_id", "card_key"),
        sa.Index("ix_entries_group_state_rank", "lottery_id", "group", "state", "rank"),
        sa.Index("ix_entries_account", "account_id", "id"),
        sa.CheckConstraint("lots >= 1", name="lots_positive"),
        sa.CheckConstraint("(state = 'void') = (void_reason IS NOT NULL)", name="void_for_a_reason"),
        sa.CheckConstraint("account_id IS NOT NULL OR erased_at IS NOT NULL", name="somebody_until_erased"),
        sa.CheckConstraint("(rank IS NULL) = (ticket IS NULL)", name="ranked_by_ticket"),
        sa.CheckConstraint(
            "state NOT IN ('pay_due', 'paid', 'forfeited') OR order_id IS NOT NULL", name="won_an_order"
        ),
    )
    MOVES: ClassVar[Machine[EntryState]] = Machine(
        {
            "withdraw": {EntryState.APPLIED: EntryState.WITHDRAWN, EntryState.VOID: EntryState.WITHDRAWN},
            "void": {EntryState.APPLIED: EntryState.VOID},
            "restore": {EntryState.VOID: EntryState.APPLIED},
            "win": {EntryState.APPLIED: EntryState.WON},
            "wait": {EntryState.APPLIED: EntryState.WAITING},
            "promote": {EntryState.WAITING: EntryState.WON},
            "lose": {EntryState.APPLIED: EntryState.LOST, EntryState.WAITING: EntryState.LOST},
            "award": {EntryState.WON: EntryState.PAY_DUE},
            "pay": {
                EntryState.PAY_DUE: EntryState.PAID,
                # Money wins: it may come late, while the unit can still be had.
                EntryState.FORFEITED: EntryState.PAID,
            },
            "forfeit": {EntryState.PAY_DUE: EntryState.FORFEITED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lottery_id: Mapped[int] = mapped_column(sa.ForeignKey("lotteries.id"))
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    """Whose page it is on, and who pays; none once it is erased."""
    channel: Mapped[Channel] = state_column(Channel, name="channel")
    seq: Mapped[int]
    """1, 2, 3 … in order of receipt."""
    no: Mapped[str] = mapped_column(sa.String(24), unique=True)
    ch: Mapped[str] = mapped_column(sa.String(64))
    """Hex SHA-256 of the secret code on the receipt. The code itself is not kept."""
    lots: Mapped[int] = mapped_column(default=1)
    group: Mapped[str] = mapped_column(sa.String(16), default="")
    """The group whose units it is drawn for; "" where there are none."""
    revision: Mapped[int] = mapped_column(default=1)
    """Counts the receipts: a change of the lots makes a new one."""
    pledge: Mapped[str] = mapped_column(sa.String(16))
    person_key: Mapped[str | None] = mapped_column(sa.String(64))
    """Hex HMAC of name and address in one form, by which a second entry is found; as the next two, erased in time."""
    phone_key: Mapped[str | None] = mapped_column(sa.String(64))
    card_key: Mapped[str | None] = mapped_column(sa.String(64))
    void_reason: Mapped[VoidReason | None] = state_column(VoidReason, name="void_reason", nullable=True)
    first_no: Mapped[str | None] = mapped_column(sa.String(24))
    """The entry that counts instead of a void one; of one that counts, the one that staff told it apart from."""
    state: Mapped[EntryState] = state_column(EntryState)
    entered_at: Mapped[datetime]
    ticket: Mapped[str | None] = mapped_column(sa.String(64))
    rank: Mapped[int | None]
    """Place in the draw of its group, from 1; places after the units are the waiting list."""
    wave: Mapped[int | None]
    """By which it won: 0 by the draw, else promoted."""
    order_id: Mapped[int | None] = mapped_column(unique=True)
    erased_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"entry:{self.no}"


IN_THE_DRAW = Entry.state.not_in((EntryState.WITHDRAWN, EntryState.VOID))
"""Entries that the root stands over, or will."""


class Wave(Base):
    """Winners who were told together and have the same deadline."""

    __tablename__ = "waves"
    __table_args__ = (
        sa.UniqueConstraint("lottery_id", "number", name="uq_waves_number"),
        sa.CheckConstraint("number >= 0", name="number_from_zero"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lottery_id: Mapped[int] = mapped_column(sa.ForeignKey("lotteries.id"))
    number: Mapped[int]
    persons: Mapped[int]
    at: Mapped[datetime]
    pay_by: Mapped[datetime]


class Draw(Base):
    """What was fixed at the close, and then what chance said: one for each group, one where there are none.

    The commit of draw-v1 can be rebuilt from it alone.
    """

    __tablename__ = "draws"
    __table_args__ = (
        sa.UniqueConstraint("lottery_id", "group", name="uq_draws_one_for_each_group"),
        sa.CheckConstraint(
            "(seed IS NULL) = (randomness IS NULL) AND (seed IS NULL) = (drawn_at IS NULL)", name="whole"
        ),
        sa.CheckConstraint("n >= 0", name="n_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lottery_id: Mapped[int] = mapped_column(sa.ForeignKey("lotteries.id"))
    group: Mapped[str] = mapped_column(sa.String(16), default="")
    listing: Mapped[str] = mapped_column(sa.String(40))
    """The listing's code; for a group, "code/group"."""
    rules: Mapped[str] = mapped_column(sa.String(71))
    n: Mapped[int]
    units: Mapped[int]
    root: Mapped[str] = mapped_column(sa.String(64))
    chain: Mapped[str] = mapped_column(sa.String(64))
    round: Mapped[int]
    closed_at: Mapped[datetime]
    randomness: Mapped[str | None] = mapped_column(sa.String(64))
    """Hex."""
    signature: Mapped[str | None] = mapped_column(sa.String(96))
    """Hex, of the beacon; none for dice."""
    seed: Mapped[str | None] = mapped_column(sa.String(64))
    cutoff: Mapped[str] = mapped_column(sa.String(64), default="")
    witnesses: Mapped[list[Any]] = mapped_column(default=list)
    """Names of those who saw the dice: the town's own record, never published."""
    drawn_at: Mapped[datetime | None]

    @property
    def commit(self) -> dict[str, Any]:
        """Step 3 of draw-v1."""
        return {
            "listing": self.listing,
            "rules": self.rules,
            "n": self.n,
            "units": self.units,
            "root": self.root,
            "chain": self.chain,
            "round": self.round,
        }

    @property
    def digits(self) -> str:
        """What the dice showed, or ""."""
        if self.chain != "dice" or self.randomness is None:
            return ""
        return bytes.fromhex(self.randomness).decode().removeprefix("d:")
