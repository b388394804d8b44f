"""Everything that is approved with a sale: as values, as JSON that can be kept and compared, and as one fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785

from marketplace.listings.models import Listing
from marketplace.rights import drafting as rights

FIELDS = (
    *("mode", "price_yen", "tax", "budget", "reserve_yen", "quantity", "per_person_limit", "hold_minutes", "pay_hours"),
    *("publish_at", "opens_at", "closes_at", "draw_at", "waiting_room", "auction_rules"),
    *("legal_basis", "basis_note", "urgent_reason", "issuer", "used_elsewhere"),
)


def values_of(listing: Listing) -> dict[str, Any]:
    """What drafting.draft() would take for a listing like this one: the words of its right, and its sale."""
    words = {name: getattr(listing.right, name) for name in rights.FIELDS}
    return words | {name: getattr(listing, name) for name in FIELDS}


def as_facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON, so that they can be kept and compared."""
    return {name: written(value) for name, value in values.items()}


def written(value: Any) -> Any:
    """A value as JSON: moments with their zone, choices as their words for machines."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value


def facts(listing: Listing) -> dict[str, Any]:
    """The sale and its right as JSON."""
    return as_facts(values_of(listing))


def sale_facts(listing: Listing, right_hash: str | None) -> dict[str, Any]:
    """What an approval freezes and hashes: the sale, the hash of its right's text, and what hides a secret reserve."""
    sale = {name: written(getattr(listing, name)) for name in FIELDS}
    return sale | {"right": right_hash, "salt": listing.salt}


def fingerprint(listing: Listing, right_hash: str | None = None) -> str:
    """'sha256:<hex>' of everything that an approval of this draft would freeze; `right_hash` where that is done."""
    sale = sale_facts(listing, right_hash or rights.text_hash(listing.right))
    return "sha256:" + hashlib.sha256(rfc8785.dumps(sale)).hexdigest()
