"""Logs as the follower would have written them, and a chain that takes them back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.chain.contract import MARKET, NAMES, RIGHTS, USES, YEN
from marketplace.chain.models import Contract, Log
from marketplace.kit.addresses import checksum
from marketplace.kit.db import db, transaction
from marketplace.rights.models import SERIAL_SPACE
from marketplace.settings import settings
from marketplace.tokens.models import NOBODY, Token

GENESIS = datetime(2026, 4, 20, tzinfo=UTC)


def digest(*words: object) -> str:
    """A hash of 32 bytes that is the same for the same words."""
    return "0x" + hashlib.sha256(repr(words).encode()).hexdigest()


def somebody(name: str) -> str:
    """The address of a wallet of that name."""
    return checksum(digest("wallet", name)[:42])


def deploy() -> Mapping[str, str]:
    """Our contracts are on the chain: {name: address}."""
    addresses = {name: checksum(digest("contract", name)[:42]) for name in NAMES}
    with transaction() as session:
        for name, address in addresses.items():
            session.add(Contract(chain_id=settings().chain_id, name=name, address=address, block=0, followed=True))
    return addresses


@dataclass
class Chain:
    """What a chain said so far. Each call is one log, in the block named."""

    fork: str = "main"
    said: list[dict[str, Any]] = field(default_factory=list)

    def transfer(self, token_id: int, sender: str, to: str, block: int, index: int = 0, tx: str = "") -> None:
        self._say(RIGHTS, "Transfer", {"from": sender, "to": to, "tokenId": token_id}, token_id, block, index, tx)

    def mint(self, token_id: int, to: str, block: int, index: int = 0, tx: str = "", ref: str = "") -> None:
        """Issued for the order in our books, or for another `ref`."""
        ref = ref or db.session.scalar(sa.select(Token.ref).where(Token.token_id == token_id)) or digest("nobody")
        args = {"seriesId": token_id // SERIAL_SPACE, "tokenId": token_id, "to": to, "ref": ref}
        self.transfer(token_id, NOBODY, to, block, index, tx)
        self._say(RIGHTS, "RightIssued", args, token_id, block, 1_000_000 + index, tx or ("Transfer", block, index))

    def redeemed(self, token_id: int, holder: str, used: int, left: int, block: int, index: int = 0) -> None:
        args = {"tokenId": token_id, "redemptionId": digest("use", token_id, block, index), "holder": holder}
        self._say(USES, "Redeemed", args | {"used": used, "left": left}, token_id, block, index, "")

    def undone(self, token_id: int, redemption_id: str, used: int, left: int, block: int, index: int = 0) -> None:
        args = {"tokenId": token_id, "redemptionId": redemption_id, "used": used, "left": left}
        self._say(USES, "RedemptionUndone", args, token_id, block, index, "")

    def listed(
        self, token_id: int, seller: str, price: int, block: int, *, number: int, expires: datetime, index: int = 0
    ) -> None:
        until = int(expires.timestamp())
        args = {"listingId": number, "tokenId": token_id, "seller": seller, "price": price, "expiresAt": until}
        self._say(MARKET, "Listed", args, token_id, block, index, "")

    def cancelled(self, token_id: int, block: int, *, number: int, index: int = 0) -> None:
        self._say(MARKET, "Cancelled", {"listingId": number, "tokenId": token_id}, token_id, block, index, "")

    def sold(self, token_id: int, seller: str, buyer: str, price: int, block: int, *, number: int) -> None:
        """The sale and the movement that belongs to it, in one transaction."""
        args = {"listingId": number, "tokenId": token_id, "seller": seller, "buyer": buyer, "price": price}
        args |= {"royaltyReceiver": somebody("fund"), "royalty": price * 500 // 10_000}
        self._say(MARKET, "Sold", args, token_id, block, 0, f"sale {number}")
        self.transfer(token_id, seller, buyer, block, 1, f"sale {number}")

    def drawn(self, account: str, to: str, yen: int, block: int) -> None:
        """What a seller's sales earned left the market."""
        self._say(MARKET, "Withdrawn", {"account": account, "recipient": to, "amount": yen}, None, block, 0, "")

    def paid(self, sender: str, to: str, yen: int, block: int, index: int = 0) -> None:
        """Yen tokens go from one wallet to another."""
        self._say(YEN, "YenTransfer", {"from": sender, "to": to, "value": yen}, None, block, index, "")

    def tell(self, *which: int) -> None:
        """Write the logs down (those of these places, or all that are not written yet), as the follower does."""
        with transaction() as session:
            rows = session.execute(sa.select(Log.block_hash, Log.log_index))
            there = {(block_hash, log_index) for block_hash, log_index in rows}
            for place in which or range(len(self.said)):
                values = self.said[place]
                key = (values["block_hash"], values["log_index"])
                if key not in there:
                    session.add(Log(**values))
                    there.add(key)

    def take_back(self, block: int) -> None:
        """The chain forgets this block and all after it."""
        with transaction() as session:
            session.execute(sa.delete(Log).where(Log.block_number >= block))
        self.said = [log for log in self.said if log["block_number"] < block]
        self.fork += "'"

    def _say(
        self, contract: str, name: str, args: dict[str, Any], token_id: int | None, block: int, index: int, tx: object
    ) -> None:
        chain_id = settings().chain_id
        address = db.session.scalar(sa.select(Contract.address).where(Contract.name == contract))
        self.said.append(
            {
                "chain_id": chain_id,
                "block_hash": digest(self.fork, block),
                "log_index": index,
                "block_number": block,
                "at": GENESIS + timedelta(minutes=block),
                "tx_hash": digest("tx", tx or (name, block, index)),
                "address": address,
                "name": name,
                "args": args,
                "token_id": token_id,
            }
        )
        db.session.rollback()
