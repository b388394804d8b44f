"""決裁: a second person approves, and the text is frozen."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.models import Entry
from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.listings import versions
from marketplace.listings.checking import refuse_unready
from marketplace.listings.drafting import staff_name
from marketplace.listings.facts import fingerprint
from marketplace.listings.models import Listing
from marketplace.listings.rules import ChangedMeanwhile, SamePerson
from marketplace.outbox.promising import say
from marketplace.rights import drafting as rights


def approve(listing_id: int, actor_id: int, why: str = "", *, seen: str | None = None) -> None:
    """Freeze right and sale and let them be announced ⇢ listing.approved. SamePerson for whoever wrote any of it,
    NotReady where the notice has become too short while it waited.

    `seen` is the fingerprint() of what the approver had on the screen; ChangedMeanwhile where it is another text.
    """
    by = staff_name(actor_id)
    with transaction():
        listing = lock(Listing, listing_id)
        if wrote(listing, actor_id):
            raise SamePerson
        if seen is not None and seen != fingerprint(listing):
            raise ChangedMeanwhile
        refuse_unready(listing)
        listing.approved_by, listing.approved_at = actor_id, now()
        versions.decided(listing.id, actor_id)
        listing.text_hash = fingerprint(listing, rights.freeze(listing.right_id, by))
        move(listing, "approve", by=by, why=why, text_hash=listing.text_hash)
        say(
            "listing.approved",
            key=listing.code,
            listing_id=listing.id,
            right_id=listing.right_id,
            quantity=listing.quantity,
        )


def wrote(listing: Listing, actor_id: int) -> bool:
    """Did this person draft the listing, or change it at any time? Four eyes are two people's."""
    if listing.drafted_by == actor_id:
        return True
    theirs = sa.select(Entry.id).where(
        Entry.subject == listing.subject, Entry.event.in_(("draft", "revise")), Entry.by == staff_name(actor_id)
    )
    return db.session.scalar(theirs.limit(1)) is not None


def send_back(listing_id: int, actor_id: int, note: str) -> None:
    """Return the draft with a note of what to change."""
    if not note.strip():
        raise Invalid("差し戻す理由を書いてください。", field="note")
    with transaction():
        listing = lock(Listing, listing_id)
        versions.decided(listing.id, actor_id)
        listing.returned_note = note.strip()
        move(listing, "send_back", by=staff_name(actor_id), why=note.strip())
