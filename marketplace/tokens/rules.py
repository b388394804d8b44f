"""What the logs of a token say about it. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.kit.clock import JST
from marketplace.tokens.models import NOBODY, TokenState


@dataclass(frozen=True)
class Move:
    """A Transfer log of one token."""

    from_address: str
    to_address: str
    tx_hash: str
    log_index: int
    block_number: int
    block_hash: str
    at: datetime


@dataclass(frozen=True)
class Holding:
    """Where a token stands: `holder` is an address; mint_tx and minted_at come from its first log."""

    state: TokenState
    holder: str | None
    mint_tx: str | None
    minted_at: datetime | None


def in_order(moves: Iterable[Move]) -> list[Move]:
    """As they happened: by block, then by place in the block."""
    return sorted(moves, key=lambda move: (move.block_number, move.log_index))


def standing(moves: Sequence[Move], promised: TokenState) -> Holding:
    """What all logs of a token, in order, add up to; `promised` is its state where there are none."""
    if not moves:
        return Holding(promised, None, None, None)
    mint = next((move for move in moves if move.from_address == NOBODY), None)
    tx, at = (mint.tx_hash, mint.at) if mint else (None, None)
    if moves[-1].to_address == NOBODY:
        return Holding(TokenState.REVOKED, None, tx, at)
    return Holding(TokenState.HELD, moves[-1].to_address, tx, at)


def hands(moves: Sequence[Move]) -> list[tuple[str, Move]]:
    """The changes of hands, neither issue nor revocation, each with a name that stays the same when a block is
    mined again at another place: transaction, and the how-manieth movement of the token in it."""
    named = []
    seen: dict[str, int] = {}
    for move in moves:
        turn = seen[move.tx_hash] = seen.get(move.tx_hash, 0) + 1
        if NOBODY not in (move.from_address, move.to_address):
            named.append((f"{move.tx_hash}:{turn}", move))
    return named


def term_ends(start: datetime, months: int) -> datetime:
    """The moment at which a term of calendar months in Japan is over, aware.

    民法140条・143条: the day of the start is not counted; the term ends with the day before the one that answers to
    its first counted day, or with the month where that has no such day.
    """
    first = start.astimezone(JST).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    try:
        return first.replace(year=year, month=month + 1)
    except ValueError:
        year, month = divmod(year * 12 + month + 1, 12)
        return first.replace(year=year, month=month + 1, day=1)
