"""まねてつくる: a new draft that begins as an earlier sale, its days moved into the time ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from marketplace.kit.clock import now
from marketplace.listings.facts import values_of
from marketplace.listings.models import Listing

LEAD = timedelta(days=14)
"""From today to the opening that the draft begins with."""
DAYS = ("opens_at", "closes_at", "draw_at", "tradable_from")


def like(listing: Listing) -> dict[str, Any]:
    """What drafting.draft() takes for a sale like this one: open in two weeks at the same hour, and for as long.

    It is announced as soon as it is approved; a short notice and its reason are not copied.
    """
    moved = timedelta(days=(now() + LEAD - listing.opens_at).days)
    values = values_of(listing)
    for name in DAYS:
        values[name] = values[name] + moved if values[name] else None
    return values | {
        "publish_at": None,
        "urgent_reason": "",
        "auction_rules": _rules(listing.auction_rules, moved),
    }


def _rules(rules: dict[str, Any] | None, moved: timedelta) -> dict[str, Any] | None:
    """The rules, the last day to apply moved, too."""
    part = (rules or {}).get("taking_part")
    if rules is None or not part or not part.get("until"):
        return rules
    return {**rules, "taking_part": {**part, "until": (datetime.fromisoformat(part["until"]) + moved).isoformat()}}
