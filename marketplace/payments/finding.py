"""Which payment of ours something at Stripe belongs to."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db, let_go
from marketplace.payments.models import Payment
from marketplace.payments.stripe import till


def payment_of(reference: str | None, intent_id: str | None) -> int | None:
    """By our reference, else by the intent we know. None: not of ours, or an intent that we have not met."""
    for column, value in ((Payment.idempotency_key, reference), (Payment.payment_intent_id, intent_id)):
        if value is not None:
            found = db.session.scalar(sa.select(Payment.id).where(column == value))
            if found is not None:
                return found
    return None


def payment_behind(reference: str | None, intent_id: str | None) -> int | None:
    """The same; of an intent that we have not met, by the session that Stripe knows for it. Unavailable.

    News may overtake each other: of a dispute we may hear before we hear of its payment.
    """
    found = payment_of(reference, intent_id)
    let_go()
    if found is None and reference is None and intent_id is not None:
        found = payment_of(till().reference_of(intent_id), None)
        let_go()
    return found
