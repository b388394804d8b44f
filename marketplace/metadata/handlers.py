"""What the metadata office hears."""

from __future__ import annotations

from marketplace.metadata import amending, auditing
from marketplace.metadata.publishing import publish
from marketplace.metadata.replicating import replicate
from marketplace.outbox.promising import handles


@handles("listing.approved")
def give_documents(*, listing_id: int, right_id: int, quantity: int) -> None:
    publish(right_id, quantity)


@handles("metadata.published")
def carry_outside(*, right_id: int) -> None:
    replicate(right_id)


@handles("metadata.amendment_approved")
def carry_out(*, amendment_id: int) -> None:
    amending.carry_out(amendment_id)


@handles("metadata.audit_asked")
def look_now(*, pin_id: int, **_more: object) -> None:
    auditing.audit(pin_id)
    auditing.look_outside(pin_id)
