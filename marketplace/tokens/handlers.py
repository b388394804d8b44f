"""What the register does on hearing from the chain."""

from __future__ import annotations

from marketplace.outbox.promising import handles
from marketplace.tokens import holding


@handles("chain.touched")
def on_logs(token_ids: list[int], **_more: object) -> None:
    holding.recompute(token_ids)
