"""Which payment of ours something at Stripe belongs to."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.payments.models import Payment


def payment_of(reference: str | None, intent_id: str | None) -> int | None:
    """By our reference, else by the intent we know. None: not of ours, or an intent that we have not met."""
    for column, value in ((Payment.idempotency_key, reference), (Payment.payment_intent_id, intent_id)):
        if value is not None:
            found = db.session.scalar(sa.select(Payment.id).where(column == value))
            if found is not None:
                return found
    return None
