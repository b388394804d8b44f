"""What admissions do when they hear of their own news."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.admissions import deciding, deposits, ending
from marketplace.admissions.models import Exclusion, Participation, ParticipationState
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings import amending
from marketplace.listings.models import Listing
from marketplace.outbox.promising import handles

TURNED_OUT = "参加の条件に合わないことがわかったため、お受けできません。くわしくは役場にお問い合わせください。"


@handles("exclusion.added")
def turn_out(exclusion_id: int) -> None:
    """Whoever is on the list takes part no more, where it is not over yet; who is off it again by then, may."""
    row = db.session.get(Exclusion, exclusion_id)
    if row is None:
        return
    meant = [Participation.account_id == row.account_id]
    if row.corporate_no:
        meant.append(Participation.corporate_no == row.corporate_no)
    found = sa.select(Participation.id).join(Listing, Listing.id == Participation.listing_id)
    found = found.where(
        sa.or_(*meant),
        Participation.state != ParticipationState.REFUSED,
        Participation.released_at.is_(None),
        Participation.forfeited_at.is_(None),
        Listing.state.not_in(deciding.OVER),
    )
    for participation_id in db.session.scalars(found).all():
        try:
            deciding.refuse(participation_id, row.added_by, TURNED_OUT)
        except WrongState:
            continue  # somebody was faster


@handles("listing.amended")
def tell_amended(listing_id: int, amendment_id: int) -> None:
    with transaction():
        taking_part = sa.select(Participation.account_id).where(
            Participation.listing_id == listing_id, Participation.state != ParticipationState.REFUSED
        )
        amending.tell(amendment_id, db.session.scalars(taking_part).all())


@handles("listing.cancelled")
def on_cancelled(listing_id: int, **_more: object) -> None:
    ending.cancelled(listing_id)


@handles("hold.placed")
@handles("card.saved")
def on_there(subject: str, **_more: object) -> None:
    if (participation_id := deposits.of_subject(subject)) is not None:
        deposits.there(participation_id)


@handles("hold.lost")
def on_gone(subject: str, payment_id: int, **_more: object) -> None:
    if (participation_id := deposits.of_subject(subject)) is not None:
        deposits.gone(participation_id, payment_id)


@handles("hold.ends_soon")
def on_ending(subject: str, payment_id: int, **_more: object) -> None:
    if (participation_id := deposits.of_subject(subject)) is not None:
        deposits.warn(participation_id, payment_id)


@handles("hold.captured")
def on_taken(subject: str, payment_id: int, yen: int, **_more: object) -> None:
    if (participation_id := deposits.of_subject(subject)) is not None:
        deposits.taken(participation_id, payment_id, yen)


@handles("participation.released")
def on_released(participation_id: int) -> None:
    deposits.release(participation_id)


@handles("participation.forfeited")
def on_forfeited(participation_id: int) -> None:
    deposits.forfeit(participation_id)
