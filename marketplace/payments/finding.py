"""Which payment of ours something at Stripe belongs to."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from marketplace.kit.db import db, let_go
from marketplace.payments.models import Payment, PaymentState, Way
from marketplace.payments.stripe import till

_BY_REFERENCE = sa.select(Payment.id).where(Payment.idempotency_key == sa.bindparam("value"))
_BY_INTENT = sa.select(Payment.id).where(Payment.payment_intent_id == sa.bindparam("value"))
_KNOWN = sa.select(Payment.way, Payment.state, Payment.payment_intent_id, Payment.balance_txn_id)
_KNOWN = _KNOWN.where(Payment.idempotency_key == sa.bindparam("reference"))


class Known(NamedTuple):
    """Of a payment, what news of its success would tell."""

    way: Way
    state: PaymentState
    intent_id: str | None
    balance_txn_id: str | None

    def is_booked(self, intent_id: str | None) -> bool:
        """Whether all of it is there, Stripe's fee included. It stays so: nothing leads away from succeeded."""
        paid = self.state == PaymentState.SUCCEEDED and self.balance_txn_id is not None
        return paid and intent_id in (None, self.intent_id)


def known_of(reference: str | None) -> Known | None:
    """What is known of the payment with our reference; None where there is none."""
    if reference is None:
        return None
    row = db.session.execute(_KNOWN, {"reference": reference}).one_or_none()
    let_go()
    return None if row is None else Known(*row)


def payment_of(reference: str | None, intent_id: str | None) -> int | None:
    """By our reference, else by the intent we know. None: not of ours, or an intent that we have not met."""
    for query, value in ((_BY_REFERENCE, reference), (_BY_INTENT, intent_id)):
        if value is not None:
            found: int | None = db.session.scalar(query, {"value": value})
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
