"""An auction of one listing, its bidders and every bid that was made, refused ones too."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.auctions import rules
from marketplace.auctions.sealed import Terms as SealedTerms
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.listings.models import Listing


class AuctionState(StrEnum):
    OPEN = "open"
    SUSPENDED = "suspended"
    TO_OPEN = "to_open"
    TIED = "tied"
    AWARDED = "awarded"
    SOLD = "sold"
    UNSOLD = "unsold"
    CANCELLED = "cancelled"

    @property
    def ja(self) -> str:
        return STATE_JA[self]

    @property
    def goes_on(self) -> bool:
        """Is its price the present one, which another bid may still raise? Otherwise it is the one at its end."""
        return self in (AuctionState.OPEN, AuctionState.SUSPENDED)


STATE_JA = {
    AuctionState.OPEN: "受付中",
    AuctionState.SUSPENDED: "一時停止中",
    AuctionState.TO_OPEN: "開札待ち",
    AuctionState.TIED: "くじ引き待ち",
    AuctionState.AWARDED: "お支払い待ち",
    AuctionState.SOLD: "落札",
    AuctionState.UNSOLD: "落札者なし",
    AuctionState.CANCELLED: "中止",
}

RUNNING = (AuctionState.OPEN, AuctionState.SUSPENDED, AuctionState.TO_OPEN, AuctionState.TIED)
"""States in which nobody has won yet, and somebody may."""
MAXIMA_PUBLIC = (AuctionState.AWARDED, AuctionState.SOLD, AuctionState.UNSOLD)
"""States in which the whole log, maxima too, is published."""


class BidStatus(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Auction(Base):
    """Where the auction stands. Times are whole seconds, so that the published log rounds nothing."""

    __tablename__ = "auctions"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", name="uq_auctions_one_per_listing"),
        sa.CheckConstraint("closes_at >= scheduled_close_at", name="close_moves_only_later"),
        sa.CheckConstraint("scheduled_close_at >= opens_at", name="closes_after_it_opens"),
        sa.CheckConstraint(
            "(leader_id IS NULL) = (price_yen IS NULL) AND (leader_id IS NULL) = (leader_no IS NULL)"
            " AND (leader_id IS NULL) = (leader_seq IS NULL) AND (leader_id IS NULL) = (leader_secret IS NULL)",
            name="leader_whole_or_absent",
        ),
        sa.CheckConstraint("price_yen >= start_yen", name="price_from_the_start"),
        sa.CheckConstraint("offers BETWEEN 0 AND 2", name="offered_to_two_at_most"),
        sa.CheckConstraint("(state = 'suspended') = (suspended_at IS NOT NULL)", name="suspended_since_some_time"),
        sa.CheckConstraint("state <> 'unsold' OR why_unsold <> ''", name="unsold_for_a_reason"),
        sa.Index("ix_auctions_state_closes", "state", "closes_at"),
    )
    MOVES: ClassVar[Machine[AuctionState]] = Machine(
        {
            "suspend": {AuctionState.OPEN: AuctionState.SUSPENDED},
            "resume": {AuctionState.SUSPENDED: AuctionState.OPEN},
            # Sealed: the bids are in, and nobody has seen them.
            "close": {AuctionState.OPEN: AuctionState.TO_OPEN},
            "tie": {AuctionState.TO_OPEN: AuctionState.TIED},
            "award": dict.fromkeys((AuctionState.OPEN, AuctionState.TO_OPEN, AuctionState.TIED), AuctionState.AWARDED),
            "offer_next": {AuctionState.AWARDED: AuctionState.AWARDED},
            # Money wins: it may come late, when nobody else had been found.
            "pay": dict.fromkeys((AuctionState.AWARDED, AuctionState.UNSOLD), AuctionState.SOLD),
            "fail": dict.fromkeys((AuctionState.OPEN, AuctionState.TO_OPEN, AuctionState.AWARDED), AuctionState.UNSOLD),
            "cancel": dict.fromkeys(
                (
                    *(AuctionState.OPEN, AuctionState.SUSPENDED, AuctionState.TO_OPEN),
                    *(AuctionState.TIED, AuctionState.AWARDED),
                ),
                AuctionState.CANCELLED,
            ),
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    listing: Mapped[Listing] = relationship(lazy="select", foreign_keys=[listing_id])
    code: Mapped[str] = mapped_column(sa.String(16))
    """The listing's code."""
    sealed: Mapped[bool]
    by_admission: Mapped[bool] = mapped_column(default=False)
    """Only those whom the office admitted may bid: see admissions."""
    state: Mapped[AuctionState] = state_column(AuctionState)
    start_yen: Mapped[int]
    reserve_yen: Mapped[int | None]
    soft_close: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    increments: Mapped[list[Any]]
    outage: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    opens_at: Mapped[datetime]
    scheduled_close_at: Mapped[datetime]
    closes_at: Mapped[datetime]

    price_yen: Mapped[int | None]
    leader_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    leader_no: Mapped[str | None] = mapped_column(sa.String(8))
    leader_seq: Mapped[int | None]
    """The bid that leads."""
    leader_secret: Mapped[str | None] = mapped_column(sa.String(120))
    """Its maximum, sealed: see secrecy.py."""
    arrivals: Mapped[int] = mapped_column(default=0)
    """Bids that arrived, refused ones too: the last `seq`."""
    numbers: Mapped[int] = mapped_column(default=0)
    """Bidder numbers given out."""
    bid_count: Mapped[int] = mapped_column(default=0)
    bidder_count: Mapped[int] = mapped_column(default=0)
    extensions: Mapped[int] = mapped_column(default=0)
    outages: Mapped[list[Any]] = mapped_column(default=list)
    """Moves of the close by the rule of outages: [{"after": bids before it, "gaps": [[from, to], …]}, …]; seconds."""
    head: Mapped[str] = mapped_column(sa.String(64))
    """The end of the chain of bids, so far."""

    suspended_at: Mapped[datetime | None]
    suspended_reason: Mapped[str] = mapped_column(sa.Text, default="")
    """Why bids are not accepted just now; the public reads it."""
    suspensions: Mapped[list[Any]] = mapped_column(default=list)
    """Stretches in which staff had stopped the bidding: [[from, to], …]; seconds. They count as outages."""

    closed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    """When the sealed bids were opened."""
    witnesses: Mapped[list[Any]] = mapped_column(default=list)
    """Who watched the opening."""
    tie_root: Mapped[str | None] = mapped_column(sa.String(64))
    """Of a sealed auction with equal highest bids: the root of its log, published before the dice."""
    tie_digits: Mapped[str | None] = mapped_column(sa.String(20))
    tie_witnesses: Mapped[list[Any]] = mapped_column(default=list)
    seed: Mapped[str] = mapped_column(sa.String(64), default="")
    winner_no: Mapped[str | None] = mapped_column(sa.String(8))
    winner_yen: Mapped[int | None]
    offers: Mapped[int] = mapped_column(default=0)
    """To how many the right was awarded: the winner, then once the next bidder (次順位)."""
    order_id: Mapped[int | None]
    """The order of the present award."""
    why_unsold: Mapped[str] = mapped_column(sa.String(40), default="")
    relisted_id: Mapped[int | None] = mapped_column(sa.ForeignKey("listings.id"))
    """The draft by which the town tries again."""

    @property
    def subject(self) -> str:
        return f"auction:{self.code}"

    def seconds(self, moment: datetime) -> int:
        """Whole seconds from the opening to a moment, rounded down."""
        return (moment - self.opens_at) // timedelta(seconds=1)

    def moment(self, seconds: float) -> datetime:
        return self.opens_at + timedelta(seconds=seconds)

    @property
    def terms(self) -> rules.Terms:
        return rules.Terms(
            start=self.start_yen,
            reserve=self.reserve_yen,
            close=self.seconds(self.scheduled_close_at),
            soft_close=rules.SoftClose(**self.soft_close) if self.soft_close else None,
            increments=[(limit, step) for limit, step in self.increments],
            outage=self.outage_rule,
        )

    @property
    def outage_rule(self) -> rules.Outage | None:
        return rules.Outage(**self.outage) if self.outage else None

    @property
    def sealed_terms(self) -> SealedTerms:
        return SealedTerms(self.start_yen, self.reserve_yen, self.seconds(self.scheduled_close_at))

    @property
    def standing(self) -> rules.Standing:
        """As the public sees it: without the leader's maximum."""
        return rules.Standing(self.seconds(self.closes_at), self.price_yen, self.leader_no)

    @property
    def minimum_yen(self) -> int:
        """The least that a bid may name now."""
        return self.start_yen if self.sealed else rules.minimum(self.terms, self.standing)


class Bidder(Base):
    """A person in one auction: the public knows the number alone, and another one in each auction."""

    __tablename__ = "bidders"
    __table_args__ = (
        sa.UniqueConstraint("auction_id", "account_id", name="uq_bidders_person"),
        sa.UniqueConstraint("auction_id", "no", name="uq_bidders_no"),
        sa.Index("ix_bidders_account", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    auction_id: Mapped[int] = mapped_column(sa.ForeignKey("auctions.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    no: Mapped[str] = mapped_column(sa.String(8))
    has_bid: Mapped[bool] = mapped_column(default=False)
    """A bid of theirs was accepted."""


ENVELOPE = sa.text("sealed AND status = 'accepted'")


class Bid(Base):
    """One bid as it arrived and how the auction stood after it. Rows are only ever added; once, after the close, their
    secrets are opened."""

    __tablename__ = "bids"
    __table_args__ = (
        sa.UniqueConstraint("auction_id", "seq", name="uq_bids_order_of_arrival"),
        sa.CheckConstraint("(status = 'accepted') = (reason = '')", name="refused_with_a_reason"),
        sa.CheckConstraint("max_yen >= 0", name="max_not_negative"),
        sa.CheckConstraint("(max_yen IS NULL) = (salt IS NULL)", name="opened_whole"),
        sa.Index(
            "uq_bids_one_envelope",
            "auction_id",
            "bidder_id",
            unique=True,
            sqlite_where=ENVELOPE,
            postgresql_where=ENVELOPE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    auction_id: Mapped[int] = mapped_column(sa.ForeignKey("auctions.id"))
    seq: Mapped[int]
    sealed: Mapped[bool]
    bidder_id: Mapped[int] = mapped_column(sa.ForeignKey("bidders.id"))
    bidder_no: Mapped[str] = mapped_column(sa.String(8))
    at: Mapped[datetime]
    t: Mapped[int]
    """Whole seconds from the opening."""
    secret: Mapped[str] = mapped_column(sa.String(120))
    """The maximum, or the amount of a sealed bid, and its salt: see secrecy.py."""
    leaf: Mapped[str] = mapped_column(sa.String(64))
    """The bid's leaf in the log, which everything that was said of it is fixed by."""
    max_yen: Mapped[int | None]
    """Out of the secret, from the close on."""
    salt: Mapped[str | None] = mapped_column(sa.String(32))
    status: Mapped[BidStatus] = state_column(BidStatus, name="status")
    reason: Mapped[str] = mapped_column(sa.String(32), default="")
    price_yen: Mapped[int | None]
    leader_no: Mapped[str | None] = mapped_column(sa.String(8))
    close: Mapped[int]
    changed: Mapped[bool]
    """Price or leader changed: such bids are the public history while the auction is open."""

    @property
    def no(self) -> str:
        """The number of the envelope."""
        return f"B-{self.seq:04}"


class Told(Base):
    """What the bidders of an auction were told: see telling.py."""

    __tablename__ = "auction_told"

    auction_id: Mapped[int] = mapped_column(sa.ForeignKey("auctions.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)
    """The bids up to this one were looked at for people who were outbid."""
    day: Mapped[bool] = mapped_column(default=False)
    hour: Mapped[bool] = mapped_column(default=False)
