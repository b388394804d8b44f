"""Offers and trades as the resale market's logs tell them, and what holders asked us to offer for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class OfferState(StrEnum):
    LIVE = "live"
    SOLD = "sold"
    CANCELLED = "cancelled"
    STALE = "stale"
    """The token changed hands after it was offered."""
    EXPIRED = "expired"


class Offer(Base):
    """One Listed log and what became of it. Rows are computed from logs (recording.py), never moved by hand."""

    __tablename__ = "offers"
    __table_args__ = (
        sa.UniqueConstraint("block_hash", "log_index", name="uq_offers_log"),
        sa.CheckConstraint("price_yen > 0", name="price_positive"),
        sa.Index("ix_offers_token", "token_id"),
        sa.Index("ix_offers_state", "state", "price_yen"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    market_listing: Mapped[int] = mapped_column(sa.BigInteger)
    """Number of the offer in the contract; a buyer names it."""
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    seller: Mapped[str] = mapped_column(sa.String(42))
    price_yen: Mapped[int] = mapped_column(sa.BigInteger)
    expires_at: Mapped[datetime]
    state: Mapped[OfferState] = state_column(OfferState)
    tx_hash: Mapped[str] = mapped_column(sa.String(66))
    log_index: Mapped[int]
    block_number: Mapped[int] = mapped_column(sa.BigInteger)
    block_hash: Mapped[str] = mapped_column(sa.String(66))
    at: Mapped[datetime]


class Market(StrEnum):
    """Where a right was sold."""

    HIROBA = "hiroba"
    """Our own contract."""
    SEAPORT = "seaport"
    """Any other place that settles by Seaport, in the yen token that our own market takes too."""


class Flag(StrEnum):
    """Why a sale says nothing about what a right is worth. The rules are in washing.py."""

    SELF = "self"
    ROUND_TRIP = "round_trip"
    FUNDED = "funded"

    @property
    def ja(self) -> str:
        return FLAG_JA[self]


FLAG_JA = {
    Flag.SELF: "売り手と買い手が同じ住所",
    Flag.ROUND_TRIP: "30日のうちに、もとの持ち主に戻った",
    Flag.FUNDED: "代金の出どころが、売り手と同じ",
}


class Trade(Base):
    """One sale in yen, as a log tells it: Sold of our market, or OrderFulfilled of Seaport."""

    __tablename__ = "trades"
    __table_args__ = (
        sa.UniqueConstraint("block_hash", "log_index", name="uq_trades_log"),
        sa.CheckConstraint("royalty_yen BETWEEN 0 AND price_yen", name="royalty_within_price"),
        sa.Index("ix_trades_order", "block_number", "log_index"),
        sa.Index("ix_trades_token", "token_id", "block_number"),
        sa.Index("ix_trades_seller", "seller"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contract: Mapped[str] = mapped_column(sa.String(42))
    """The collection, not the market."""
    marketplace: Mapped[Market] = state_column(Market, name="marketplace")
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    seller: Mapped[str] = mapped_column(sa.String(42))
    buyer: Mapped[str] = mapped_column(sa.String(42))
    price_yen: Mapped[int] = mapped_column(sa.BigInteger)
    royalty_yen: Mapped[int] = mapped_column(sa.BigInteger)
    """To the town's fund."""
    listed_at: Mapped[datetime | None]
    """When it was offered; unknown of a sale elsewhere."""
    funded: Mapped[bool | None]
    """Whether the yen with which it was bought came from the seller, or from where the seller's came (washing.py).
    Looked up once, when the sale is written down: what was paid before does not change."""
    flag: Mapped[Flag | None] = mapped_column(
        sa.Enum(
            Flag,
            name="flag",
            native_enum=False,
            create_constraint=True,
            length=16,
            values_callable=lambda enum: [member.value for member in enum],
        )
    )
    """Why the figures leave it out; None for a sale that counts."""
    tx_hash: Mapped[str] = mapped_column(sa.String(66))
    log_index: Mapped[int]
    block_number: Mapped[int] = mapped_column(sa.BigInteger)
    block_hash: Mapped[str] = mapped_column(sa.String(66))
    at: Mapped[datetime]


class RequestState(StrEnum):
    ASKED = "asked"
    """Promised to the chain; no log of it yet."""
    LISTED = "listed"
    ENDED = "ended"
    """Sold, taken back, stale or expired: its offer says which."""
    FAILED = "failed"
    """The chain would not have it."""


OPEN = sa.text("state IN ('asked', 'listed')")


class OfferRequest(Base):
    """A holder with custody asked us to offer a token: the custodian does it in their name.

    No two requests for a token have the same last moment, so that the log of each can be told from others.
    """

    __tablename__ = "offer_requests"
    __table_args__ = (
        sa.Index(
            "uq_offer_requests_one_open_per_token", "token_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN
        ),
        sa.UniqueConstraint("token_id", "expires_at", name="uq_offer_requests_told_apart"),
        sa.CheckConstraint("price_yen BETWEEN 50 AND 99999999", name="price_in_range"),
    )
    MOVES: ClassVar[Machine[RequestState]] = Machine(
        {
            "list": {
                RequestState.ASKED: RequestState.LISTED,
                RequestState.ENDED: RequestState.LISTED,
                RequestState.FAILED: RequestState.LISTED,
            },
            "end": {
                RequestState.ASKED: RequestState.ENDED,
                RequestState.LISTED: RequestState.ENDED,
                RequestState.FAILED: RequestState.ENDED,
            },
            "fail": {RequestState.ASKED: RequestState.FAILED},
            # the chain took back what it had said
            "unsettle": {RequestState.LISTED: RequestState.ASKED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    price_yen: Mapped[int]
    expires_at: Mapped[datetime]
    """A whole second: it stands in the log as Unix time."""
    state: Mapped[RequestState] = state_column(RequestState)
    asked_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """When the holder asked to take it back; the chain's answer ends the request."""

    @property
    def subject(self) -> str:
        return f"offer:{self.id}"

    @property
    def call_key(self) -> str:
        """Of what the chain was asked last: to take it back, or to offer it."""
        return f"offer:{self.id}:{'cancel' if self.withdrawn_at else 'list'}"

    @property
    def is_open(self) -> bool:
        return self.state in (RequestState.ASKED, RequestState.LISTED)
