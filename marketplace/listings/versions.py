"""版: each text that was handed to an approver is kept, so that the next one sees what changed since."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, writing
from marketplace.listings.decisions import Version
from marketplace.listings.facts import facts, fingerprint
from marketplace.listings.models import Listing


def keep(listing: Listing, actor_id: int) -> None:
    """Inside the transaction that hands the listing over: its text as it is now, under the next number."""
    assert writing(), "keep() belongs inside transaction()"
    last = sa.select(sa.func.max(Version.number)).where(Version.listing_id == listing.id)
    db.session.add(
        Version(
            listing_id=listing.id,
            number=(db.session.scalar(last) or 0) + 1,
            facts=facts(listing),
            fingerprint=fingerprint(listing),
            submitted_by=actor_id,
            submitted_at=now(),
        )
    )


def decided(listing_id: int, actor_id: int) -> None:
    """Inside the transaction of the decision: `actor_id` has seen the newest version, and said yes or no to it."""
    assert writing(), "decided() belongs inside transaction()"
    for version in every(listing_id)[-1:]:
        if version.submitted_by != actor_id:  # who takes an own text back has not decided on it
            version.decided_by = actor_id


def every(listing_id: int) -> list[Version]:
    """The oldest first."""
    return list(db.session.scalars(sa.select(Version).where(Version.listing_id == listing_id).order_by(Version.number)))


def to_compare_with(listing_id: int, reader_id: int) -> Version | None:
    """The version before the newest that `reader_id` decided on, else the one before the newest; None for a first."""
    earlier = every(listing_id)[:-1]
    seen = [version for version in earlier if version.decided_by == reader_id] or earlier
    return seen[-1] if seen else None
