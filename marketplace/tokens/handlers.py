"""What the register does on hearing from the chain."""

from __future__ import annotations

from marketplace.outbox.promising import handles
from marketplace.tokens import checking, holding, pointing


@handles("chain.touched")
def on_logs(token_ids: list[int], **_more: object) -> None:
    holding.recompute(token_ids)


@handles("token.misissued")
def on_misissued(token_id: int, **_more: object) -> None:
    checking.misissued(token_id)


@handles("metadata.amended")
def on_amendment(right_id: int, edition: int) -> None:
    pointing.point(right_id, edition)


@handles("metadata.frozen")
def on_freeze(right_id: int) -> None:
    pointing.freeze(right_id)
