"""A listing: how a right is sold, how many units there are, and when."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.listings.legal import Basis
from marketplace.rights.models import Right


class Mode(StrEnum):
    FIXED = "fixed"
    LOTTERY = "lottery"
    ASCENDING = "ascending"
    SEALED = "sealed"
    GRANT = "grant"

    @property
    def ja(self) -> str:
        return MODE_JA[self]


BY_BIDS = (Mode.ASCENDING, Mode.SEALED)
"""Modes in which the buyer is found by an auction."""
MODE_JA = {
    Mode.FIXED: "定額",
    Mode.LOTTERY: "抽選",
    Mode.ASCENDING: "オークション",
    Mode.SEALED: "入札",
    Mode.GRANT: "交付",
}
SALE_JA = {mode: word for mode, word in MODE_JA.items() if mode != Mode.GRANT}
"""Of what is for sale: what is granted (交付) is in no shop window."""


class Tax(StrEnum):
    """How the consumption tax (消費税法) looks at the price. Rights have no reduced rate."""

    TAXABLE_10 = "taxable_10"
    EXEMPT = "exempt"
    """非課税 (6条): e.g. what a law names as such."""
    OUT_OF_SCOPE = "out_of_scope"
    """不課税: no supply for a consideration, e.g. a donation."""

    @property
    def ja(self) -> str:
        return TAXES[self][0]

    @property
    def percent(self) -> int:
        """How many yen of tax a hundred yen without it bear."""
        return TAXES[self][1]


TAXES = {
    Tax.TAXABLE_10: ("課税（10％、税込）", 10),
    Tax.EXEMPT: ("非課税", 0),
    Tax.OUT_OF_SCOPE: ("課税対象外", 0),
}
"""A new rate is a line here, and a member above: docs/growing.md."""


class ListingState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PUBLISHED = "published"
    OPEN = "open"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def ja(self) -> str:
        return STATE_JA[self]


STATE_JA = {
    ListingState.DRAFT: "下書き",
    ListingState.SUBMITTED: "承認待ち",
    ListingState.APPROVED: "公開待ち",
    ListingState.PUBLISHED: "まもなく開始",
    ListingState.OPEN: "受付中",
    ListingState.SUSPENDED: "一時停止中",
    ListingState.CLOSED: "受付終了",
    ListingState.COMPLETED: "終了",
    ListingState.CANCELLED: "中止",
}

PUBLIC = (
    ListingState.PUBLISHED,
    ListingState.OPEN,
    ListingState.SUSPENDED,
    ListingState.CLOSED,
    ListingState.COMPLETED,
    ListingState.CANCELLED,
)
"""States in which anybody may see the page of what was announced."""


class UnitState(StrEnum):
    FREE = "free"
    HELD = "held"
    SOLD = "sold"


class Listing(Base):
    __tablename__ = "listings"
    __table_args__ = (
        sa.CheckConstraint("price_yen BETWEEN 0 AND 99999999", name="price_in_range"),
        sa.CheckConstraint("quantity BETWEEN 1 AND 999999", name="quantity_in_range"),
        sa.CheckConstraint("per_person_limit >= 1", name="per_person_limit_positive"),
        sa.CheckConstraint("closes_at IS NULL OR closes_at > opens_at", name="closes_after_it_opens"),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> drafted_by", name="approved_by_another_person"),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'cancelled') OR approved_by IS NOT NULL", name="nothing_public_unapproved"
        ),
        sa.CheckConstraint(
            "published_at IS NOT NULL OR state IN ('draft', 'submitted', 'approved', 'cancelled')",
            name="on_sale_since_it_was_announced",
        ),
        sa.CheckConstraint(
            "(closed_at IS NOT NULL) = (state IN ('closed', 'completed', 'cancelled'))", name="closed_has_a_time"
        ),
        sa.CheckConstraint("state <> 'suspended' OR suspended_reason <> ''", name="suspended_for_a_reason"),
        sa.CheckConstraint("NOT waiting_room OR mode = 'fixed'", name="waiting_room_of_a_fixed_sale"),
        sa.Index("ix_listings_state_opens", "state", "opens_at"),
    )
    MOVES: ClassVar[Machine[ListingState]] = Machine(
        {
            "submit": {ListingState.DRAFT: ListingState.SUBMITTED},
            "send_back": {ListingState.SUBMITTED: ListingState.DRAFT},
            "approve": {ListingState.SUBMITTED: ListingState.APPROVED},
            "publish": {ListingState.APPROVED: ListingState.PUBLISHED},
            "open": {ListingState.PUBLISHED: ListingState.OPEN},
            "suspend": {ListingState.OPEN: ListingState.SUSPENDED},
            "resume": {ListingState.SUSPENDED: ListingState.OPEN},
            "close": {ListingState.OPEN: ListingState.CLOSED},
            "complete": {ListingState.CLOSED: ListingState.COMPLETED},
            "cancel": {
                ListingState.APPROVED: ListingState.CANCELLED,
                ListingState.PUBLISHED: ListingState.CANCELLED,
                ListingState.OPEN: ListingState.CANCELLED,
                ListingState.SUSPENDED: ListingState.CANCELLED,
                ListingState.CLOSED: ListingState.CANCELLED,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("LST", 6))
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    right: Mapped[Right] = relationship(lazy="joined", innerjoin=True)
    mode: Mapped[Mode] = state_column(Mode, name="mode")
    state: Mapped[ListingState] = state_column(ListingState)
    price_yen: Mapped[int]
    """Tax included. The price, or the start price of an auction; 0 only for a grant."""
    tax: Mapped[Tax] = state_column(Tax, name="tax")
    budget: Mapped[str] = mapped_column(sa.String(16))
    """Where the price is booked: a key of the settings' `budgets`."""
    reserve_yen: Mapped[int | None]
    quantity: Mapped[int] = mapped_column(default=1)
    per_person_limit: Mapped[int] = mapped_column(default=1)
    hold_minutes: Mapped[int] = mapped_column(default=15)
    pay_hours: Mapped[int] = mapped_column(default=72)
    """How long winners of a lottery or an auction may take to pay."""
    publish_at: Mapped[datetime]
    """The hour that was planned and approved; it is announced later where the approval or its documents come later."""
    published_at: Mapped[datetime | None]
    """When it was announced in truth."""
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    """The hour that was planned. Sold out or cancelled, it ends before; an auction that is extended, after."""
    closed_at: Mapped[datetime | None]
    """When the last order, entry or bid could be made in truth."""
    draw_at: Mapped[datetime | None]
    waiting_room: Mapped[bool] = mapped_column(default=False)
    """Whoever wants to buy gets a place first, and is called by turns; see waiting/."""
    auction_rules: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """{"soft_close": {"window", "extend", "cap"} | null, "increments": [[limit, step], …]}; seconds, yen."""
    legal_basis: Mapped[Basis | None] = state_column(Basis, name="legal_basis", nullable=True)
    """By which rule the contract is made (地方自治法 234条)."""
    basis_note: Mapped[str] = mapped_column(sa.Text, default="")
    """Why that rule fits."""
    urgent_reason: Mapped[str] = mapped_column(sa.Text, default="")
    """Why a sealed sale is announced for a shorter time."""
    issuer: Mapped[str] = mapped_column(sa.String(120), default="")
    """Who owes what the right is good for; empty: the town."""
    used_elsewhere: Mapped[bool] = mapped_column(default=False)
    """Others than the issuer take it, too."""
    cloned_from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("listings.id"))
    """The earlier sale that its draft began as."""
    drafted_by: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    approved_by: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    approved_at: Mapped[datetime | None]
    returned_note: Mapped[str] = mapped_column(sa.Text, default="")
    cancelled_reason: Mapped[str] = mapped_column(sa.Text, default="")
    suspended_at: Mapped[datetime | None]
    suspended_reason: Mapped[str] = mapped_column(sa.Text, default="")
    text_hash: Mapped[str | None] = mapped_column(sa.String(71))
    salt: Mapped[str] = mapped_column(sa.String(32), default=lambda: secrets.token_hex(16))
    """Is hashed with the text: else whoever knows all of it but a secret reserve finds that by trying."""
    search_title: Mapped[str] = mapped_column(sa.Text, default="", deferred=True)
    search_text: Mapped[str] = mapped_column(sa.Text, default="", deferred=True)
    """Folded for the search, as searching.py writes them when the listing is published."""
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"listing:{self.code}"

    @property
    def reserve_is_secret(self) -> bool:
        """Until the auction is decided."""
        return self.reserve_yen is not None and not (self.auction_rules or {}).get("reserve_public")


ANNOUNCED = Listing.published_at.is_not(None)
"""Anybody may see it. What was cancelled before its notice was never public."""


class Scratch(Base):
    """書きかけ: a form as it is being typed, right or wrong, by one person. It is no draft before they save it."""

    __tablename__ = "listing_scratches"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "listing_id", name="uq_listing_scratches_one_of_a_draft"),
        sa.CheckConstraint("revision >= 1", name="revision_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("SCR"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    listing_id: Mapped[int | None] = mapped_column(sa.ForeignKey("listings.id"))
    """The draft that is being changed; None for a new one."""
    typed: Mapped[dict[str, Any]]
    """{field: [what the browser sends for it, …]}."""
    revision: Mapped[int] = mapped_column(default=1)
    """Goes up by one with each save: a window that knows an older one does not overwrite a newer."""
    saved_at: Mapped[datetime]


class Unit(Base):
    """One numbered unit. Taken with one statement, so that as many can be taken at once as there are."""

    __tablename__ = "units"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "serial", name="uq_units_serial"),
        sa.Index("ix_units_state", "listing_id", "state", "serial"),
        sa.CheckConstraint("serial >= 1", name="serial_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listings.id"))
    serial: Mapped[int]
    state: Mapped[UnitState] = state_column(UnitState)
