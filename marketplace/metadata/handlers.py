"""What the metadata office hears."""

from __future__ import annotations

from marketplace.metadata.publishing import publish
from marketplace.metadata.replicating import replicate
from marketplace.outbox.promising import handles


@handles("listing.approved")
def give_documents(*, listing_id: int, right_id: int, quantity: int) -> None:
    publish(right_id, quantity)


@handles("metadata.published")
def carry_outside(*, right_id: int) -> None:
    replicate(right_id)
