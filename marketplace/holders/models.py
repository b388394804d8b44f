"""Gifts, wallets that people proved to be theirs, and withdrawals to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.holders.siwe import LONGEST_SIGNATURE
from marketplace.kit.codes import public_code
from marketplace.kit.db import NEVER_TWICE, Base, state_column
from marketplace.kit.state import Machine


class GiftState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    """The custodian has been asked to move the token."""
    DELIVERED = "delivered"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOID = "void"
    """The token was revoked before it arrived."""

    @property
    def ja(self) -> str:
        return GIFT_JA[self]


GIFT_JA = {
    GiftState.OFFERED: "お返事を待っています",
    GiftState.ACCEPTED: "お渡しの手続き中",
    GiftState.DELIVERED: "お渡ししました",
    GiftState.DECLINED: "辞退されました",
    GiftState.WITHDRAWN: "取り消しました",
    GiftState.EXPIRED: "期限が過ぎました",
    GiftState.VOID: "お渡しできなくなりました",
}
_OPEN_GIFT = sa.text("state IN ('offered', 'accepted')")


class Gift(Base):
    """A token promised to whoever reads the mail of an address. The address is forgotten with the answer."""

    __tablename__ = "gifts"
    __table_args__ = (
        sa.Index(
            "uq_gifts_one_open_per_token",
            "token_id",
            unique=True,
            sqlite_where=_OPEN_GIFT,
            postgresql_where=_OPEN_GIFT,
        ),
        sa.Index("ix_gifts_token", "token_id"),
        sa.CheckConstraint("(state = 'offered') = (to_email IS NOT NULL)", name="address_until_the_answer"),
        sa.CheckConstraint("state NOT IN ('accepted', 'delivered') OR recipient_id IS NOT NULL", name="taken_by_one"),
        sa.CheckConstraint("recipient_id <> giver_id", name="to_another"),
        sa.Index("ix_gifts_to_email", "to_email"),
        sa.Index("ix_gifts_giver_id", "giver_id"),
    )
    MOVES: ClassVar[Machine[GiftState]] = Machine(
        {
            "accept": {GiftState.OFFERED: GiftState.ACCEPTED},
            "deliver": {GiftState.ACCEPTED: GiftState.DELIVERED},
            "decline": {GiftState.OFFERED: GiftState.DECLINED},
            "withdraw": {GiftState.OFFERED: GiftState.WITHDRAWN},
            "expire": {GiftState.OFFERED: GiftState.EXPIRED},
            "void": {GiftState.OFFERED: GiftState.VOID, GiftState.ACCEPTED: GiftState.VOID},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("GFT"))
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    giver_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    to_email: Mapped[str | None] = mapped_column(sa.String(254))
    link_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """Of the secret in the mailed link; the link itself is nowhere else."""
    state: Mapped[GiftState] = state_column(GiftState)
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    recipient_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return f"gift:{self.code}"

    @property
    def call_key(self) -> str:
        """Of what the chain is asked to do when it is accepted."""
        return f"gift:{self.code}"


class Wallet(Base):
    """An address that an account proved to be theirs, with the proof: anybody can check it again, by the key (EIP-191)
    or at the contract (EIP-1271)."""

    __tablename__ = "wallets"
    __table_args__ = (sa.UniqueConstraint("account_id", "address", name="uq_wallets_once_per_account"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    address: Mapped[str] = mapped_column(sa.String(42))
    message: Mapped[str] = mapped_column(sa.Text)
    signature: Mapped[str] = mapped_column(sa.String(2 + 2 * LONGEST_SIGNATURE))
    proved_at: Mapped[datetime]


class Challenge(Base):
    """What we asked somebody to sign. Its nonce is good for one proof, of this account."""

    __tablename__ = "wallet_challenges"

    nonce: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WithdrawalState(StrEnum):
    COOLING = "cooling"
    """Nothing has happened yet, and the holder can still think better of it."""
    MOVING = "moving"
    DONE = "done"
    CANCELLED = "cancelled"
    VOID = "void"

    @property
    def ja(self) -> str:
        return WITHDRAWAL_JA[self]


WITHDRAWAL_JA = {
    WithdrawalState.COOLING: "お待ちいただいています",
    WithdrawalState.MOVING: "移す手続き中",
    WithdrawalState.DONE: "移しました",
    WithdrawalState.CANCELLED: "取り消しました",
    WithdrawalState.VOID: "移せなくなりました",
}
_OPEN_WITHDRAWAL = sa.text("state IN ('cooling', 'moving')")


class Withdrawal(Base):
    """A token on its way from our custody to its holder's own wallet."""

    __tablename__ = "withdrawals"
    __table_args__ = (
        sa.Index(
            "uq_withdrawals_one_open_per_token",
            "token_id",
            unique=True,
            sqlite_where=_OPEN_WITHDRAWAL,
            postgresql_where=_OPEN_WITHDRAWAL,
        ),
        sa.CheckConstraint("due_at >= asked_at", name="due_after_asked"),
        sa.Index("ix_withdrawals_due", "state", "due_at"),
        sa.Index("ix_withdrawals_token", "token_id"),
    )
    MOVES: ClassVar[Machine[WithdrawalState]] = Machine(
        {
            "release": {WithdrawalState.COOLING: WithdrawalState.MOVING},
            "deliver": {WithdrawalState.MOVING: WithdrawalState.DONE},
            "withdraw": {WithdrawalState.COOLING: WithdrawalState.CANCELLED},
            "void": {
                WithdrawalState.COOLING: WithdrawalState.VOID,
                WithdrawalState.MOVING: WithdrawalState.VOID,
            },
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("WDR"))
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    wallet_id: Mapped[int] = mapped_column(sa.ForeignKey("wallets.id"))
    state: Mapped[WithdrawalState] = state_column(WithdrawalState)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]

    @property
    def subject(self) -> str:
        return f"withdrawal:{self.code}"

    @property
    def call_key(self) -> str:
        """Of what the chain is asked to do when the time is over."""
        return f"withdrawal:{self.code}"
