"""What an auction was opened with and never changes: read once by each process, not with each bid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from marketplace.auctions import rules
from marketplace.auctions.models import Auction
from marketplace.auctions.sealed import Terms as SealedTerms
from marketplace.kit.db import db

MOST = 1000  # auctions kept in memory; a town has far fewer open at once


@dataclass(frozen=True, slots=True)
class Agreed:
    id: int
    code: str
    sealed: bool
    listing_id: int
    by_admission: bool
    opens_at: datetime
    terms: rules.Terms
    sealed_terms: SealedTerms

    def seconds(self, moment: datetime) -> int:
        """Whole seconds from the opening to a moment, rounded down."""
        return (moment - self.opens_at) // timedelta(seconds=1)

    def moment(self, seconds: float) -> datetime:
        return self.opens_at + timedelta(seconds=seconds)


def agreed(code_or_id: str | int) -> Agreed:
    """By the listing's code or the auction's id. LookupError where there is no such auction (yet)."""
    kept: dict[str | int, Agreed] = current_app.extensions.setdefault("hiroba.agreed", {})
    found = kept.get(code_or_id)
    if found is None:
        key = Auction.code if isinstance(code_or_id, str) else Auction.id
        auction = db.session.scalar(sa.select(Auction).where(key == code_or_id))
        if auction is None:
            raise LookupError(f"Auction {code_or_id}")
        if len(kept) >= MOST:
            kept.clear()
        found = kept[auction.id] = kept[auction.code] = Agreed(
            auction.id,
            auction.code,
            auction.sealed,
            auction.listing_id,
            auction.by_admission,
            auction.opens_at,
            auction.terms,
            auction.sealed_terms,
        )
    return found
