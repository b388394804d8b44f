"""What this office does on hearing that a right changed hands or was revoked."""

from __future__ import annotations

from marketplace.appointments.selling import changed_hands
from marketplace.outbox.promising import handles


@handles("token.changed_hands")
def on_new_holder(token_id: int, **_more: object) -> None:
    changed_hands(token_id)


@handles("token.revoked")
def on_revocation(token_id: int, **_more: object) -> None:
    changed_hands(token_id)
