"""The fictional town of 月見沢町, as town.json tells it: who works there, what it sold, sells and will sell."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from marketplace.kit.clock import JST, now

FILE = Path(__file__).with_name("town.json")
_DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


def span(text: str) -> timedelta:
    """An ISO 8601 duration of days, hours and minutes: '-P540DT21H' is 540 days and 21 hours ago."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, days, hours, minutes = match.groups()
    length = timedelta(days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0))
    return -length if sign else length


@dataclass(frozen=True)
class Clerk:
    role: str
    name: str
    email: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sale:
    """One listing of the story. `play` says how much of it happened."""

    id: str
    state: str
    kind: str
    mode: str
    quantity: int
    opens_at: datetime
    closes_at: datetime | None
    draw_at: datetime | None
    tradable_from: datetime | None
    words: dict[str, Any]
    play: dict[str, Any]

    @property
    def number(self) -> int:
        """1 for LST-01: the seed of its picture."""
        return int(self.id.removeprefix("LST-"))

    def values(self) -> dict[str, Any]:
        """What staff type into the form."""
        words = self.words
        return {
            "kind": self.kind,
            "mode": self.mode,
            "title_ja": words["title"]["ja"],
            "title_en": words["title"]["en"],
            "lead_ja": words["lead"]["ja"],
            "lead_en": words["lead"]["en"],
            "perks": words["perks"],
            "terms": words["terms"],
            "resale_rule_ja": words["resale_rule"]["ja"],
            "resale_rule_en": words["resale_rule"]["en"],
            "transferable": words["transferable"],
            "royalty_bps": words["royalty_bps"],
            "tradable_from": self.tradable_from,
            "term_months": words.get("term_months"),
            "uses_per_token": words.get("uses_per_token"),
            "picture_alt": words["picture_alt"],
            "art_seed": self.number,
            "price_yen": words["price_yen"],
            "reserve_yen": words.get("reserve_yen"),
            "quantity": self.quantity,
            "per_person_limit": 1 if self.mode == "lottery" else min(self.quantity, 5),
            "publish_at": self.opens_at - timedelta(days=8),
            "opens_at": self.opens_at,
            "closes_at": self.closes_at,
            "draw_at": self.draw_at,
            "auction_rules": words.get("auction_rules"),
        }


@dataclass(frozen=True)
class Story:
    staff: list[Clerk]
    sales: list[Sale]


def story() -> Story:
    """The story, its days counted from 09:00 of today in Japan."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    start = now().astimezone(JST).replace(hour=9, minute=0, second=0, microsecond=0)

    def at(text: str | None) -> datetime | None:
        return start + span(text) if text else None

    sales = []
    for item in told["listings"]:
        opens = at(item["opens"])
        assert opens is not None
        sales.append(
            Sale(
                id=item["id"],
                state=item["state"],
                kind=item["kind"],
                mode=item["mode"],
                quantity=item["quantity"],
                opens_at=opens,
                closes_at=at(item.get("closes")),
                draw_at=at(item.get("draw_at")),
                tradable_from=at(item.get("tradable_from")),
                words=item,
                play=item["play"],
            )
        )
    return Story([Clerk(**clerk) for clerk in told["staff"]], sales)
