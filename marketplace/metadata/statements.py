"""What is kept where, as of the last look at it: for staff, and for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from marketplace.kit.db import db
from marketplace.kit.languages import _
from marketplace.metadata.models import Pin, Replica, ReplicaState

MOST = 200
"""Trees that a page of the desk shows."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One tree, and the copies of it on nodes outside."""

    pin: Pin
    replicas: list[Replica]

    @property
    def verified(self) -> int:
        return sum(replica.state == ReplicaState.VERIFIED for replica in self.replicas)

    @property
    def where(self) -> str:
        """Never more than was checked."""
        if self.verified:
            return _("町のサーバーと、IPFSネットワークの%(verified)sか所", verified=self.verified)
        return _("町のサーバー（IPFSネットワークには未公開）")

    @property
    def result(self) -> tuple[str, str]:
        """What the last look at our own copy found: words, and the tone of their badge."""
        if self.pin.missing is None:
            return "これから点検", "plain"
        return (
            ("そろっています", "good")
            if self.pin.missing == 0
            else (_("%(missing)s個が欠けています", missing=self.pin.missing), "bad")
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """Of all trees: how many, how many have their last look behind them and were whole, when the oldest look was."""

    trees: int
    whole: int
    bytes: int
    oldest: datetime | None


def kept(*only: sa.ColumnElement[bool], most: int = MOST, skipped: int = 0) -> list[Kept]:
    """The newest trees, of those for which `only` holds, after so many `skipped`."""
    pins = list(db.session.scalars(newest(*only).limit(most).offset(skipped)))
    return with_copies(pins)


def newest(*only: sa.ColumnElement[bool]) -> sa.Select[Pin]:
    return sa.select(Pin).where(*only).options(joinedload(Pin.right)).order_by(Pin.id.desc())


def with_copies(pins: Sequence[Pin]) -> list[Kept]:
    copies: dict[int, list[Replica]] = {}
    for replica in db.session.scalars(sa.select(Replica).where(Replica.pin_id.in_([pin.id for pin in pins]))):
        copies.setdefault(replica.pin_id, []).append(replica)
    return [Kept(pin, copies.get(pin.id, [])) for pin in pins]


def summary(*only: sa.ColumnElement[bool]) -> Summary:
    """Of all trees for which `only` holds."""
    whole = sa.func.count().filter(Pin.missing == 0)
    counted = sa.select(
        sa.func.count(), whole, sa.func.coalesce(sa.func.sum(Pin.bytes), 0), sa.func.min(Pin.audited_at)
    )
    trees, fine, size, oldest = db.session.execute(counted.select_from(Pin).where(*only)).one()
    return Summary(trees, fine, int(size), oldest)
