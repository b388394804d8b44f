"""Partners and their counters, passes and cards, and the ledger of uses."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.codes import public_code
from marketplace.kit.db import NEVER_TWICE, Base, state_column


class Partner(Base):
    """提携先: a bath, a café, a desk of the town, where perks are used. It is closed, never deleted."""

    __tablename__ = "perk_partners"
    __table_args__ = (sa.CheckConstraint("wrong_pins >= 0", name="wrong_pins_counted"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("PTR"))
    name: Mapped[str] = mapped_column(sa.String(60), unique=True)
    pin_hash: Mapped[str] = mapped_column(sa.String(64))
    pin_salt: Mapped[str] = mapped_column(sa.String(32))
    wrong_pins: Mapped[int] = mapped_column(default=0)
    """In a row on tablets that were no counter here before; a right one on such a tablet sets it back."""
    locked_at: Mapped[datetime | None]
    """Since when no such tablet becomes one."""
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"partner:{self.code}"


class Counter(Base):
    """窓口: a tablet on which a partner's PIN was typed. Its cookie holds the secret whose hash is here, also when the
    time is over: so the tablet is known."""

    __tablename__ = "perk_counters"
    __table_args__ = (
        sa.Index("ix_perk_counters_partner", "partner_id"),
        sa.CheckConstraint("wrong_pins >= 0", name="wrong_pins_counted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("perk_partners.id"))
    partner: Mapped[Partner] = relationship(lazy="joined", innerjoin=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    wrong_codes: Mapped[int] = mapped_column(default=0)
    """Codes and PINs of guests that were wrong, in a row."""
    wrong_pins: Mapped[int] = mapped_column(default=0)
    """The partner's own, typed wrong on this tablet since, in a row."""
    locked_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Certificate(Base):
    """The town's word that a device shows passes for a token in the name of its holder. See docs/pass-v1.md."""

    __tablename__ = "perk_certificates"
    __table_args__ = (
        sa.UniqueConstraint("token_id", "holder_address", "device_key", "expires_at", name="uq_perk_certificates_once"),
        sa.Index("ix_perk_certificates_token", "token_id", "expires_at"),
        sa.CheckConstraint("expires_at > issued_at", name="lasts_a_while"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cid: Mapped[str] = mapped_column(sa.String(16), unique=True)
    """First 8 bytes of the SHA-256 of the signed certificate, hex."""
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    holder_address: Mapped[str] = mapped_column(sa.String(42))
    device_key: Mapped[str] = mapped_column(sa.String(64))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    """The token changed hands, or the holder has newer devices."""


class Card(Base):
    """A card on paper for somebody without a telephone: its number, and four digits that only the holder knows."""

    __tablename__ = "perk_cards"
    __table_args__ = (
        sa.Index(
            "uq_perk_cards_one_good",
            "token_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("wrong_pins >= 0", name="wrong_pins_counted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    holder_address: Mapped[str] = mapped_column(sa.String(42))
    pin_hash: Mapped[str] = mapped_column(sa.String(64))
    pin_salt: Mapped[str] = mapped_column(sa.String(32))
    wrong_pins: Mapped[int] = mapped_column(default=0)
    printed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Slip(Base):
    """もぎり券: a numbered slip of a pad that a counter tears off where nothing electric works."""

    __tablename__ = "perk_slips"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True)
    partner_id: Mapped[int] = mapped_column(sa.ForeignKey("perk_partners.id"))
    printed_at: Mapped[datetime]


class Allowance(Base):
    """How much of one perk of one token is used in one period. Its row is the lock of all who use it.

    `used` counts uses that the plan allows; `over` those beyond it that offline counters had let in before they could
    know. Together they are the uses of that period in the ledger that nobody took back.
    """

    __tablename__ = "perk_allowances"
    __table_args__ = (
        sa.UniqueConstraint("token_id", "plan_id", "period", name="uq_perk_allowances_period"),
        sa.CheckConstraint("used >= 0 AND over >= 0", name="uses_counted"),
        sa.CheckConstraint("allowed IS NULL OR used <= allowed", name="never_more_than_allowed"),
        sa.CheckConstraint("over = 0 OR used = allowed", name="over_only_when_full"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    plan_id: Mapped[str] = mapped_column(sa.String(16))
    period: Mapped[str] = mapped_column(sa.String(32))
    allowed: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    over: Mapped[int] = mapped_column(default=0)

    @property
    def left(self) -> int | None:
        return None if self.allowed is None else self.allowed - self.used


class Act(StrEnum):
    USE = "use"
    UNDO = "undo"


class Channel(StrEnum):
    """How a counter knew the right."""

    SCAN = "scan"
    CODE = "code"
    CARD = "card"
    OFFLINE = "offline"
    PAPER = "paper"
    OFFICE = "office"

    @property
    def ja(self) -> str:
        return CHANNEL_JA[self]


CHANNEL_JA = {
    Channel.SCAN: "読み取り",
    Channel.CODE: "6けたの番号",
    Channel.CARD: "印刷したカード",
    Channel.OFFLINE: "圏外での読み取り",
    Channel.PAPER: "もぎり券",
    Channel.OFFICE: "役場",
}


class Flag(StrEnum):
    """Why the office should look at a use that happened. The guest did nothing wrong."""

    DOUBLE = "double"
    SOLD = "sold"
    OUTSIDE = "outside"

    @property
    def ja(self) -> str:
        return FLAG_JA[self]


FLAG_JA = {
    Flag.DOUBLE: "回数をこえた利用（圏外の窓口）",
    Flag.SOLD: "持ち主が変わったあとの利用",
    Flag.OUTSIDE: "期間の外、または使えない日の利用",
}


class Use(Base):
    """One line of the ledger: a use, or the undoing of one. Lines are added and never changed.

    `flag` is set when the line is written. Lines flagged SOLD or OUTSIDE stand outside every allowance.
    """

    __tablename__ = "perk_uses"
    __table_args__ = (
        sa.UniqueConstraint("ref", name="uq_perk_uses_once"),
        sa.UniqueConstraint("undoes", name="uq_perk_uses_undone_once"),
        sa.UniqueConstraint("plan_id", "proof", name="uq_perk_uses_no_replay"),
        sa.CheckConstraint("(act = 'undo') = (undoes IS NOT NULL)", name="an_undo_names_its_use"),
        sa.CheckConstraint("pay_yen >= 0", name="pay_not_negative"),
        sa.Index("ix_perk_uses_token", "token_id", "plan_id", "period"),
        sa.Index("ix_perk_uses_partner", "partner_id", "recorded_at"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(64))
    """Made by whoever asks (16 random bytes, hex): the same one is written down once."""
    act: Mapped[Act] = state_column(Act, name="act")
    undoes: Mapped[int | None] = mapped_column(sa.ForeignKey("perk_uses.id"))
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    plan_id: Mapped[str] = mapped_column(sa.String(16))
    plan_name: Mapped[str] = mapped_column(sa.String(80))
    period: Mapped[str] = mapped_column(sa.String(32))
    partner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("perk_partners.id"))
    counter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("perk_counters.id"))
    channel: Mapped[Channel] = state_column(Channel, name="channel")
    proof: Mapped[str | None] = mapped_column(sa.String(64))
    """SHA-256 of the pass that was read, hex: one pass is one use at one place. None for what was not read."""
    used_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    flag: Mapped[Flag | None] = state_column(Flag, name="flag", nullable=True)
    pay_yen: Mapped[int] = mapped_column(default=0)
    """What the town owes the partner for it; an undo takes the same sum back."""
    chain_ref: Mapped[str | None] = mapped_column(sa.String(66))
    """32 random bytes under which a counted use is written on the chain."""

    @property
    def standing(self) -> bool:
        """Does it stand in an allowance?"""
        return self.flag in (None, Flag.DOUBLE)


UNDONE = sa.select(Use.undoes).where(Use.act == Act.UNDO)
"""The uses that were taken back."""


class Look(Base):
    """The office looked at a flagged use, and said what came of it."""

    __tablename__ = "perk_looks"

    id: Mapped[int] = mapped_column(primary_key=True)
    use_id: Mapped[int] = mapped_column(sa.ForeignKey("perk_uses.id"), unique=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    note: Mapped[str] = mapped_column(sa.String(300))
    at: Mapped[datetime]
