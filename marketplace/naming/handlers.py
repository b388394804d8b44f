"""What this office does on hearing that a right was issued, or revoked on chain."""

from __future__ import annotations

from marketplace.naming import inviting, revoking
from marketplace.outbox.promising import handles


@handles("token.issued")
def on_issue(token_id: int, **_more: object) -> None:
    inviting.invite(token_id)


@handles("token.revoked")
def on_revocation(token_id: int, **_more: object) -> None:
    revoking.revoked_on_chain(token_id)
