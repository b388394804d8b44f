"""Say what became of a payment."""

from __future__ import annotations

from typing import Any

from marketplace.outbox.promising import say
from marketplace.payments.models import Payment


def tell(topic: str, payment: Payment, **more: Any) -> None:
    """⇢ `topic`{payment_id, subject, way, …}, once for each payment."""
    say(topic, key=str(payment.id), payment_id=payment.id, subject=payment.subject, way=str(payment.way), **more)
