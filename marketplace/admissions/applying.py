"""参加申込: a person asks to take part in one auction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.admissions import enclosing, rules
from marketplace.admissions.excluding import in_force
from marketplace.admissions.models import Enclosure, Participation, ParticipationState, Party
from marketplace.admissions.pledge import CURRENT, pledge
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid
from marketplace.listings.auction_rules import TakingPart, rules_of
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.sending import send
from marketplace.settings import settings


def apply(listing_id: int, account_id: int, values: Mapping[str, Any]) -> int:
    """Apply with what was filled in and the documents that were sent before; the id.

    `values`: party, name, address, phone, company, representative, corporate_no, adult, pledged, pledge_version.
    Sending the same application twice is one. Who was refused may apply again while applications are open.
    Raises the refusals of rules.py; Invalid, with the field, for the first thing that is wrong.
    """
    with transaction():
        account = lock(Account, account_id)  # one person's wishes in a row, whichever window they come from
        listing = get(Listing, listing_id)
        part = check_open(listing)
        row = participation_of(listing.id, account.id)
        if row is not None and row.state != ParticipationState.REFUSED:
            return row.id
        check(values, part, len(enclosing.pending(listing.id, account.id)))
        filled = rules.filled(values)
        if in_force(account.id, filled["corporate_no"]):
            raise rules.Excluded
        row = _write(row, listing.id, account.id, filled)
        db.session.execute(
            sa.update(Enclosure)
            .where(
                Enclosure.listing_id == listing.id,
                Enclosure.account_id == account.id,
                Enclosure.participation_id.is_(None),
            )
            .values(participation_id=row.id)
        )
        tell("admission_received", row, key=row.applied_at.isoformat())
        return row.id


def _write(row: Participation | None, listing_id: int, account_id: int, filled: Mapping[str, Any]) -> Participation:
    """The application in the register: a new one, or a refused one anew."""
    agreed = pledge()
    again = row is not None
    if row is None:
        row = Participation(listing_id=listing_id, account_id=account_id, state=ParticipationState.APPLIED)
        db.session.add(row)
    for field, value in filled.items():
        setattr(row, field, value)
    row.pledge_version, row.pledge_hash, row.applied_at = agreed.version, agreed.sha256, now()
    db.session.flush()
    by = f"buyer:{get(Account, account_id).code}"
    if again:
        move(row, "apply_again", by=by, pledge=agreed.sha256)
        row.reason, row.decided_by, row.decided_at = "", None, None
    else:
        note(row.subject, "apply", by=by, pledge=agreed.sha256)
    return row


def check(values: Mapping[str, Any], part: TakingPart, enclosed: int) -> None:
    """Invalid for the first fault of an application."""
    for fault in faults(values, part, enclosed):
        raise fault


def faults(values: Mapping[str, Any], part: TakingPart, enclosed: int) -> list[Invalid]:
    found = list(rules.faults(values))
    if values.get("pledge_version") != CURRENT and values.get("pledged"):
        found.append(rules.PledgeChanged(field="pledged"))
    if part.documents and not enclosed:
        what = "登記事項証明書など" if values.get("party") == Party.COMPANY else "本人確認の書類など"
        found.append(Invalid(_("%(what)sを1つ以上お送りください。", what=what), field="enclosures"))
    return found


def check_open(listing: Listing) -> TakingPart:
    """What the listing asks of participants. NoTakingPart, ApplicationsNotOpen, ApplicationsOver."""
    part = rules_of(listing).taking_part
    if part is None:
        raise rules.NoTakingPart
    if listing.state not in (ListingState.PUBLISHED, ListingState.OPEN):
        early = listing.state in (ListingState.DRAFT, ListingState.SUBMITTED, ListingState.APPROVED)
        raise rules.ApplicationsNotOpen if early else rules.ApplicationsOver
    until = part.until or listing.closes_at
    if until is not None and now() >= until:
        raise rules.ApplicationsOver
    return part


def participation_of(listing_id: int, account_id: int) -> Participation | None:
    return db.session.scalar(
        sa.select(Participation).where(Participation.listing_id == listing_id, Participation.account_id == account_id)
    )


def tell(template: str, row: Participation, key: str) -> None:
    """A letter to the participant."""
    listing = get(Listing, row.listing_id)
    send(
        template,
        get(Account, row.account_id).email,
        key=f"{template}:{row.code}:{key}",
        participation=row,
        listing=listing,
        right=listing.right,
        part=rules_of(listing).taking_part,
        link=f"{settings().base_url}/listings/{listing.code}/taking-part",
    )
