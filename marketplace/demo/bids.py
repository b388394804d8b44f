"""Bids of the demo's auctions: the park's as its log tells them, the others climbing evenly."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

PARK = Path(__file__).with_name("park.json")


class Told(NamedTuple):
    at: datetime
    bidder: int
    yen: int


def park(opens_at: datetime) -> list[Told]:
    """47 bids of 15 bidders that ended at 1,300,000 yen: [[seconds, bidder, maximum], …] of park.json."""
    bids = json.loads(PARK.read_text(encoding="utf-8"))
    return [Told(opens_at + timedelta(seconds=t), bidder, yen) for t, bidder, yen in bids]


def climb(start: datetime, end: datetime, bids: int, bidders: int, low: int, high: int) -> list[Told]:
    """`bids` bids from `low` towards `high` yen by `bidders` people in turn; the last two meet at `high`."""
    told = []
    for n in range(bids):
        share = (n + 1) / bids
        top = low + (high - low) * share**3
        at = start + (end - start) * share
        told.append(Told(at, n % bidders, int(top) // 100 * 100 + (0 if n < bids - 1 else high % 100)))
    return told
