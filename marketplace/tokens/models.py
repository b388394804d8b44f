"""A token: one numbered right, from the promise in our books to the holder on chain."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine
from marketplace.rights.models import SERIAL_SPACE, Right

NOBODY = "0x" + "0" * 40
"""Where a token comes from when it is issued, and goes to when it is revoked (ERC-721)."""


class TokenState(StrEnum):
    PROMISED = "promised"
    ISSUING = "issuing"
    HELD = "held"
    REVOKED = "revoked"

    @property
    def ja(self) -> str:
        return STATE_JA[self]


STATE_JA = {
    TokenState.PROMISED: "発行の準備中",
    TokenState.ISSUING: "発行の手続き中",
    TokenState.HELD: "お手元にあります",
    TokenState.REVOKED: "取り消し済み",
}


def subject_of(token_id: int) -> str:
    """How the journal calls a token, by its id on chain."""
    return f"token:{token_id}"


class Token(Base):
    """The first half is what the town promised; the second, what the logs of the chain say (see holding.py)."""

    __tablename__ = "tokens"
    __table_args__ = (
        sa.UniqueConstraint("token_id", name="uq_tokens_token_id"),
        sa.UniqueConstraint("right_id", "serial", name="uq_tokens_one_per_serial"),
        sa.UniqueConstraint("order_code", name="uq_tokens_one_per_order"),
        sa.CheckConstraint(
            f"token_id = CAST(right_id AS BIGINT) * {SERIAL_SPACE} + serial", name="token_id_says_right_and_serial"
        ),
        sa.CheckConstraint(f"serial BETWEEN 1 AND {SERIAL_SPACE - 1}", name="serial_in_range"),
        sa.CheckConstraint("(state = 'held') = (holder_address IS NOT NULL)", name="held_by_somebody"),
        sa.CheckConstraint("holder_id IS NULL OR holder_address IS NOT NULL", name="holder_has_an_address"),
        sa.CheckConstraint("(mint_tx IS NULL) = (minted_at IS NULL)", name="minted_at_a_moment"),
        sa.Index("ix_tokens_state", "state", "token_id"),
        sa.Index("ix_tokens_holder_address", "holder_address"),
        sa.Index("ix_tokens_holder_id", "holder_id"),
        sa.Index("ix_tokens_listing_code", "listing_code"),
    )
    MOVES: ClassVar[Machine[TokenState]] = Machine(
        {
            "issue": {TokenState.PROMISED: TokenState.ISSUING},
            "hold": {
                TokenState.PROMISED: TokenState.HELD,
                TokenState.ISSUING: TokenState.HELD,
                TokenState.REVOKED: TokenState.HELD,
            },
            "revoke": {
                TokenState.PROMISED: TokenState.REVOKED,
                TokenState.ISSUING: TokenState.REVOKED,
                TokenState.HELD: TokenState.REVOKED,
            },
            # the chain took back what it had said: our transaction is still stored, and is sent again
            "unsettle": {TokenState.HELD: TokenState.ISSUING, TokenState.REVOKED: TokenState.ISSUING},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("rights.id"))
    right: Mapped[Right] = relationship(lazy="joined", innerjoin=True)
    serial: Mapped[int]
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    listing_code: Mapped[str] = mapped_column(sa.String(16))
    order_code: Mapped[str] = mapped_column(sa.String(16))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    """For whom it is issued."""
    max_supply: Mapped[int]
    """How many of its right there can ever be."""
    ref: Mapped[str] = mapped_column(sa.String(66), unique=True, default=lambda: "0x" + secrets.token_hex(32))
    """32 random bytes that stand for the order on chain: only our books say which one it is."""
    promised_at: Mapped[datetime]

    state: Mapped[TokenState] = state_column(TokenState)
    contract: Mapped[str | None] = mapped_column(sa.String(42))
    """Address of the collection; known from the moment the issue is sent to it."""
    holder_address: Mapped[str | None] = mapped_column(sa.String(42))
    holder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounts.id"))
    """The account whose custody address holds it; None where it is in somebody's own wallet."""
    mint_tx: Mapped[str | None] = mapped_column(sa.String(66))
    minted_at: Mapped[datetime | None]

    @property
    def subject(self) -> str:
        return subject_of(self.token_id)

    @property
    def metadata_uri(self) -> str | None:
        """As `tokenURI` answers: 'ipfs://<directory>/<serial>.json', or 'ipfs://<document>' of an only token."""
        return self.right.token_uri(self.serial)

    @property
    def path(self) -> str | None:
        """Its page on this site, once it has a place on chain."""
        return f"/tokens/{self.contract}/{self.token_id}" if self.contract else None


class Transfer(Base):
    """One movement of a token, as the chain logged it: the first is from NOBODY, a revocation is to NOBODY."""

    __tablename__ = "transfers"
    __table_args__ = (
        sa.UniqueConstraint("block_hash", "log_index", name="uq_transfers_log"),
        sa.Index("ix_transfers_token", "token_id", "block_number", "log_index"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[int] = mapped_column(sa.BigInteger)
    from_address: Mapped[str] = mapped_column(sa.String(42))
    to_address: Mapped[str] = mapped_column(sa.String(42))
    tx_hash: Mapped[str] = mapped_column(sa.String(66))
    log_index: Mapped[int]
    block_number: Mapped[int] = mapped_column(sa.BigInteger)
    block_hash: Mapped[str] = mapped_column(sa.String(66))
    at: Mapped[datetime]


class Custody(Base):
    """The keyless address at which a collection keeps the tokens of an account."""

    __tablename__ = "custody_addresses"
    __table_args__ = (sa.UniqueConstraint("account_id", "contract", name="uq_custody_addresses_one_per_account"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    contract: Mapped[str] = mapped_column(sa.String(42))
    address: Mapped[str] = mapped_column(sa.String(42), unique=True)
