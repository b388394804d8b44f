"""Time in which nobody could accept an exchange is given back."""

from __future__ import annotations

from datetime import datetime

from marketplace.collections.models import Swap, SwapState
from marketplace.journal.making_good import answer_longer


def answer_swaps_longer(since: datetime, until: datetime) -> int:
    """Inside a transaction: how many have longer."""
    return answer_longer(Swap, Swap.state == SwapState.OFFERED, Swap.expires_at, since, until, asked=Swap.offered_at)
