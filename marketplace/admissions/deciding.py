"""審査: the office approves an application or refuses it with a reason; verification makes an approval final."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.second_person import check_other
from marketplace.admissions import rules
from marketplace.admissions.applying import participation_of, tell
from marketplace.admissions.excluding import in_force
from marketplace.admissions.models import Participation, ParticipationState
from marketplace.journal.writing import SYSTEM, move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings.auction_rules import TakingPart, Verification, rules_of
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing
from marketplace.outbox.promising import say

OVER = ("completed", "cancelled")
WAITS = sa.and_(Participation.state == ParticipationState.APPLIED, Participation.released_at.is_(None))
"""Nobody has decided on it yet. One that was not decided on before its sale ended waits for nobody."""


def approve(participation_id: int, actor_id: int) -> None:
    """Approve, and admit at once where nothing else is asked. Excluded for who is listed, OwnCase; WrongState where it
    is over."""
    with transaction():
        row = held(participation_id)
        check_other(actor_id, row.account_id)
        if row.released_at is not None or get(Listing, row.listing_id).state in OVER:
            raise WrongState
        if in_force(row.account_id, row.corporate_no):
            raise rules.Excluded("除外名簿にある方です。承認できません。")
        row.decided_by, row.decided_at = actor_id, now()
        move(row, "approve", by=staff_name(actor_id))
        if not admit_if_complete(row):
            tell("admission_approved", row, key=row.decided_at.isoformat())


def refuse(participation_id: int, actor_id: int, reason: str) -> None:
    """Refuse, or take an admission back, with a reason that the person reads ⇢ participation.released.

    Bids that were made before stand in the log; the person can make no other. WrongState for whom it is over.
    """
    if not reason.strip():
        raise Invalid("お断りする理由を書いてください。ご本人が読みます。", field="reason")
    with transaction():
        row = held(participation_id)
        if row.released_at is not None or row.forfeited_at is not None:
            raise WrongState
        row.reason = reason.strip()
        row.decided_by, row.decided_at = actor_id, now()
        move(row, "refuse", by=staff_name(actor_id))
        row.verified_at = None
        tell("admission_refused", row, key=row.decided_at.isoformat())
        say("participation.released", key=f"{row.code}:refused:{_once(row)}", participation_id=row.id)


def verify(participation_id: int) -> None:
    """The card is saved or the deposit is held: an approval becomes final. Again changes nothing."""
    with transaction():
        row = held(participation_id)
        if row.state == ParticipationState.REFUSED or row.verified_at is not None:
            return
        row.verified_at = now()
        note(row.subject, "verified")
        admit_if_complete(row)


def unverify(participation_id: int, why: str) -> None:
    """The card or the deposit is gone: no further bid before it is there again."""
    with transaction():
        row = held(participation_id)
        if row.verified_at is None:
            return
        row.verified_at = None
        if row.state == ParticipationState.ADMITTED and row.released_at is None and row.forfeited_at is None:
            move(row, "lapse", why=why)
            tell("admission_lapsed", row, key=now().isoformat())


def admit_if_complete(row: Participation) -> bool:
    """Give an approved and verified participant a number."""
    if row.state != ParticipationState.APPROVED or missing(row) is not None:
        return False
    if get(Listing, row.listing_id).state in OVER:
        raise WrongState
    if row.no is None:
        of_listing = Participation.listing_id == row.listing_id
        given = sa.select(sa.func.count()).where(of_listing, Participation.no.is_not(None))
        row.no = f"{(db.session.scalar(given) or 0) + 1:02}"
    row.admitted_at = now()
    move(row, "admit", by=SYSTEM, no=row.no)
    tell("admission_final", row, key=row.admitted_at.isoformat())
    return True


def held(participation_id: int) -> Participation:
    """The participation, locked; and before it its listing, so that numbers are given in a row."""
    lock(Listing, get(Participation, participation_id).listing_id)
    return lock(Participation, participation_id)


def part_of(row: Participation) -> TakingPart:
    """What the listing asks of its participants."""
    part = rules_of(get(Listing, row.listing_id)).taking_part
    assert part is not None, "nobody applied where nothing is asked"
    return part


def missing(row: Participation) -> Verification | None:
    """What the participant has still to do, whether approved or not; None: nothing."""
    asked = part_of(row).verification
    return None if asked is Verification.NONE or row.verified_at is not None else asked


def admitted(listing_id: int, account_id: int) -> Participation:
    """The participant who may bid, for a listing that asks people to apply. NotAdmitted says how far others are."""
    row = participation_of(listing_id, account_id)
    if row is None:
        raise rules.NotAdmitted
    match row.state:
        case ParticipationState.ADMITTED:
            return row
        case ParticipationState.APPLIED:
            raise rules.StillInReview
        case ParticipationState.APPROVED:
            raise rules.NotVerifiedYet
        case _:
            raise rules.TurnedDown


def _once(row: Participation) -> str:
    return f"{row.code}:{row.decided_at and row.decided_at.isoformat()}"
