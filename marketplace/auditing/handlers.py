"""What this office hears."""

from __future__ import annotations

from marketplace.auditing import collecting
from marketplace.outbox.promising import handles


@handles("evidence.asked")
def put_together(*, evidence_id: int, asks: int) -> None:
    collecting.collect(evidence_id, asks)
