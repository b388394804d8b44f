"""What we ask of the chain (calls, transactions, lanes), and what it told us (blocks, logs).

Addresses are kept with the capitals of EIP-55, hashes in lower case with 0x.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import Base, state_column
from marketplace.kit.state import Machine


class Genesis(Base):
    """Block 1 of our chain: another one under the same number is another chain (identity.py)."""

    __tablename__ = "chain_genesis"

    chain_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(sa.String(66))


class Contract(Base):
    """A contract of ours, where we deployed it."""

    __tablename__ = "chain_contracts"
    __table_args__ = (sa.UniqueConstraint("chain_id", "name", name="uq_chain_contracts_one_of_each"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chain_id: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(32))
    address: Mapped[str] = mapped_column(sa.String(42))
    block: Mapped[int] = mapped_column(sa.BigInteger)
    followed: Mapped[bool] = mapped_column(default=False)
    """Whether the follower has read its logs from its first block on."""
    paused_at: Mapped[datetime | None]
    """Since when nothing is sent to it that it would refuse while it is paused (pausing.py)."""


class LaneState(StrEnum):
    """Whether its key signs: not yet, now, no longer (though what it signed may be on its way), or never again."""

    ANNOUNCED = "announced"
    SERVING = "serving"
    LEAVING = "leaving"
    RETIRED = "retired"


_IN_OFFICE = sa.text("state <> 'retired'")


class Lane(Base):
    """One signer's way to the chain: its nonces are given out here, and nowhere else. Of a role one lane serves."""

    __tablename__ = "chain_lanes"
    __table_args__ = (
        sa.UniqueConstraint("chain_id", "signer", name="uq_chain_lanes_one_per_signer"),
        sa.Index(
            "uq_chain_lanes_one_of_each_state",
            "chain_id",
            "role",
            "state",
            unique=True,
            sqlite_where=_IN_OFFICE,
            postgresql_where=_IN_OFFICE,
        ),
        sa.CheckConstraint("next_nonce >= 0", name="nonce_counted"),
    )
    MOVES: ClassVar[Machine[LaneState]] = Machine(
        {
            "key.serve": {LaneState.ANNOUNCED: LaneState.SERVING},
            "key.leave": {LaneState.SERVING: LaneState.LEAVING},
            "key.abandon": {LaneState.ANNOUNCED: LaneState.LEAVING},
            "key.retire": {LaneState.LEAVING: LaneState.RETIRED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chain_id: Mapped[int] = mapped_column(sa.BigInteger)
    role: Mapped[str] = mapped_column(sa.String(64))
    """town | issuer | custodian | wallet:<name>"""
    signer: Mapped[str] = mapped_column(sa.String(42))
    state: Mapped[LaneState] = state_column(LaneState, default=lambda: LaneState.SERVING)
    next_nonce: Mapped[int] = mapped_column(sa.BigInteger)
    ours_from: Mapped[int | None] = mapped_column(sa.BigInteger)
    """From here on the books know all that the key does. None: in a database that was put back (lanes.catch_up)."""
    lease_by: Mapped[str | None] = mapped_column(sa.String(32))
    lease_until: Mapped[float | None]
    """Unix seconds of the machine's clock, never of the town's: a lease is about processes."""

    @property
    def subject(self) -> str:
        return f"key:{self.role}"


class TxState(StrEnum):
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    REVERTED = "reverted"
    LOST = "lost"


class Tx(Base):
    """A signed transaction, stored before it is sent: one for each nonce, and the same bytes each time it is sent.

    Bytes change in one case only: a fee that proved too low is raised (replacing.py), and the older bytes are kept.
    """

    __tablename__ = "chain_txs"
    __table_args__ = (
        sa.UniqueConstraint("lane_id", "nonce", name="uq_chain_txs_one_per_nonce"),
        sa.UniqueConstraint("hash", name="uq_chain_txs_hash"),
        sa.CheckConstraint("(state IN ('mined', 'reverted')) = (block_hash IS NOT NULL)", name="mined_has_its_block"),
        sa.Index("ix_chain_txs_state", "state"),
        sa.Index("ix_chain_txs_block_number", "block_number"),
    )
    MOVES = Machine[TxState](
        {
            "send": {TxState.SIGNED: TxState.SENT},
            "mine": {TxState.SIGNED: TxState.MINED, TxState.SENT: TxState.MINED},
            "revert": {TxState.SIGNED: TxState.REVERTED, TxState.SENT: TxState.REVERTED},
            "roll_back": {TxState.MINED: TxState.SENT, TxState.REVERTED: TxState.SENT},
            "lose": {TxState.SIGNED: TxState.LOST, TxState.SENT: TxState.LOST},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lane_id: Mapped[int] = mapped_column(sa.ForeignKey("chain_lanes.id"))
    nonce: Mapped[int] = mapped_column(sa.BigInteger)
    raw: Mapped[bytes] = mapped_column(sa.LargeBinary)
    hash: Mapped[str] = mapped_column(sa.String(66))
    state: Mapped[TxState] = state_column(TxState)
    block_number: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Kept after a roll-back: it says in which order to send again."""
    block_hash: Mapped[str | None] = mapped_column(sa.String(66))
    proven: Mapped[bool] = mapped_column(default=False)
    """Whether its block was seen on the chain after we wrote it down: a receipt may be older than the chain."""
    doubts: Mapped[int] = mapped_column(default=0)
    """How often the node called the nonce used though it had no receipt of ours."""
    max_fee: Mapped[int] = mapped_column(sa.BigInteger)
    tip: Mapped[int] = mapped_column(sa.BigInteger)
    """Wei for a unit of gas, EIP-1559."""
    bid_at: Mapped[float]
    """Unix seconds of the machine's clock when these fees were signed."""
    raises: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(sa.Text)


class Outbid(Base):
    """Older bytes for the nonce of a transaction, signed with a lower fee. They may yet be the ones that are mined."""

    __tablename__ = "chain_outbid_txs"
    __table_args__ = (sa.Index("ix_chain_outbid_txs_tx", "tx_id"),)

    hash: Mapped[str] = mapped_column(sa.String(66), primary_key=True)
    tx_id: Mapped[int] = mapped_column(sa.ForeignKey("chain_txs.id"))
    raw: Mapped[bytes] = mapped_column(sa.LargeBinary)


class CallState(StrEnum):
    QUEUED = "queued"
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    PARKED = "parked"


class Call(Base):
    """One thing promised to be done on chain. Calls of one `group` travel together in one transaction."""

    __tablename__ = "chain_calls"
    __table_args__ = (
        sa.UniqueConstraint("key", name="uq_chain_calls_promise"),
        sa.CheckConstraint("(state IN ('queued', 'parked')) = (tx_id IS NULL)", name="signed_has_its_tx"),
        sa.CheckConstraint("(item IS NULL) = (group_key IS NULL)", name="item_travels_in_a_group"),
        sa.Index("ix_chain_calls_state", "state", "id"),
        sa.Index("ix_chain_calls_tx", "tx_id"),
    )
    MOVES = Machine[CallState](
        {
            "sign": {CallState.QUEUED: CallState.SIGNED},
            "send": {CallState.SIGNED: CallState.SENT},
            "mine": {CallState.SIGNED: CallState.MINED, CallState.SENT: CallState.MINED},
            "roll_back": {CallState.MINED: CallState.SENT},
            "try_again": {CallState.SIGNED: CallState.QUEUED, CallState.SENT: CallState.QUEUED},
            "park": {CallState.SIGNED: CallState.PARKED, CallState.SENT: CallState.PARKED},
            "unpark": {CallState.PARKED: CallState.QUEUED},
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(160))
    role: Mapped[str] = mapped_column(sa.String(64))
    contract: Mapped[str] = mapped_column(sa.String(32))
    function: Mapped[str] = mapped_column(sa.String(64))
    args: Mapped[list[Any]]
    group_key: Mapped[str | None] = mapped_column(sa.String(80))
    item: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True))
    state: Mapped[CallState] = state_column(CallState)
    tx_id: Mapped[int | None] = mapped_column(sa.ForeignKey("chain_txs.id"))
    attempts: Mapped[int] = mapped_column(default=0)
    wait_until: Mapped[float | None]
    """Unix seconds of the machine's clock before which a reverted call is not tried again."""
    error: Mapped[str | None] = mapped_column(sa.Text)


class Cursor(Base):
    """How far the follower has read one chain. Its row is the lock of all followers."""

    __tablename__ = "chain_cursors"

    chain_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    block: Mapped[int] = mapped_column(sa.BigInteger, default=-1)
    head: Mapped[int] = mapped_column(sa.BigInteger, default=-1)
    span: Mapped[int] = mapped_column(default=2_000)
    """Blocks asked for at once: halved when the node refuses, doubled when it does not."""
    revision: Mapped[int] = mapped_column(default=0)
    """Counts every reading and every roll-back; makes each fact said about them a new one."""
    read_at: Mapped[datetime | None]
    """When the follower last stood at the chain's head; at rest it is written down twice a minute."""
    replaying: Mapped[bool] = mapped_column(default=False)
    """Everything is being read anew: until the head is reached, nothing is computed from the logs."""


class Block(Base):
    """A block that the follower has read: its hash tells whether the chain still agrees."""

    __tablename__ = "chain_blocks"

    chain_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(sa.String(66))


class Log(Base):
    """What a contract of ours said happened. The truth from which holders and resales are computed."""

    __tablename__ = "chain_logs"
    __table_args__ = (
        sa.UniqueConstraint("block_hash", "log_index", name="uq_chain_logs_said_once"),
        sa.Index("ix_chain_logs_token", "token_id", "block_number", "log_index"),
        sa.Index("ix_chain_logs_block", "chain_id", "block_number"),
        sa.Index("ix_chain_logs_name", "name", "block_number", "log_index"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chain_id: Mapped[int] = mapped_column(sa.BigInteger)
    block_hash: Mapped[str] = mapped_column(sa.String(66))
    log_index: Mapped[int]
    block_number: Mapped[int] = mapped_column(sa.BigInteger)
    at: Mapped[datetime]
    """The block's own time."""
    tx_hash: Mapped[str] = mapped_column(sa.String(66))
    address: Mapped[str] = mapped_column(sa.String(42))
    name: Mapped[str] = mapped_column(sa.String(32))
    """As in the contract; an ERC-20 Transfer is called YenTransfer."""
    args: Mapped[dict[str, Any]]
    """By the names in the contract: numbers as integers, addresses and bytes as 0x-hex."""
    token_id: Mapped[int | None] = mapped_column(sa.BigInteger)


class Trouble(StrEnum):
    """What staff must know of while it lasts."""

    IDENTITY = "identity"
    READING = "reading"
    SENDING = "sending"
    COUNT = "count"

    @property
    def ja(self) -> str:
        return TROUBLE_JA[self]


TROUBLE_JA = {
    Trouble.IDENTITY: "つないだ先が、町のブロックチェーンではありません",
    Trouble.READING: "ブロックチェーンの読み取りが止まっています",
    Trouble.SENDING: "ブロックチェーンへの記録が進んでいません",
    Trouble.COUNT: "町の記録とブロックチェーンの記録が合いません",
}


class Alarm(Base):
    """A trouble that is not over."""

    __tablename__ = "chain_alarms"

    trouble: Mapped[Trouble] = mapped_column(
        sa.Enum(Trouble, native_enum=False, length=32, values_callable=lambda kind: [each.value for each in kind]),
        primary_key=True,
    )
    since: Mapped[datetime]
    what: Mapped[str] = mapped_column(sa.Text)
