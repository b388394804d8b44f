"""Time in which nobody could say yes or no to a gift is given back."""

from __future__ import annotations

from datetime import datetime

from marketplace.holders.models import Gift, GiftState
from marketplace.journal.making_good import answer_longer


def answer_gifts_longer(since: datetime, until: datetime) -> int:
    """Inside a transaction: how many have longer."""
    return answer_longer(Gift, Gift.state == GiftState.OFFERED, Gift.expires_at, since, until, asked=Gift.offered_at)
