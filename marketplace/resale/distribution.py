"""How many hold how many: counts only, and none so small that it points at somebody (kit/small_counts.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.chain.register import contracts
from marketplace.kit.db import db
from marketplace.kit.small_counts import FEW as FEW
from marketplace.kit.small_counts import few, withheld
from marketplace.tokens.models import Token, TokenState

STEPS: Sequence[tuple[int, int | None, str]] = (
    (1, 1, "1点"),
    (2, 2, "2点"),
    (3, 5, "3〜5点"),
    (6, 10, "6〜10点"),
    (11, None, "11点以上"),
)


@dataclass(frozen=True)
class Bar:
    """Holders of so many; None where the number is not said."""

    label: str
    holders: int | None


def said(holders: int) -> int | None:
    """A number of people as it may be published."""
    return None if few(holders) else holders


def distribution(right_id: int | None = None) -> list[Bar]:
    """Of a right's holders, or of all: in two steps of the database, few rows come back."""
    held = sa.select(sa.func.count().label("tokens")).where(Token.state == TokenState.HELD)
    if ours := list(contracts().values()):
        held = held.where(Token.holder_address.not_in(ours))
    if right_id is not None:
        held = held.where(Token.right_id == right_id)
    each = held.group_by(Token.holder_address).subquery()
    rows = db.session.execute(sa.select(each.c.tokens, sa.func.count()).group_by(each.c.tokens))
    return bars({int(tokens): int(holders) for tokens, holders in rows})


def bars(found: dict[int, int]) -> list[Bar]:
    """{tokens held: holders} as bars, small numbers left out."""
    counts = [
        sum(holders for tokens, holders in found.items() if tokens >= low and (high is None or tokens <= high))
        for low, high, _ in STEPS
    ]
    hidden = withheld(counts)
    return [
        Bar(label, None if i in hidden else count)
        for i, (count, (_, _, label)) in enumerate(zip(counts, STEPS, strict=True))
    ]
