"""Time in which nobody could say yes to a seat is given back, but not beyond the beginning."""

from __future__ import annotations

from datetime import datetime

from marketplace.gatherings.models import Rsvp, RsvpState
from marketplace.journal.making_good import answer_longer


def answer_seats_longer(since: datetime, until: datetime) -> int:
    """Inside a transaction: how many have longer."""
    offered = Rsvp.state == RsvpState.OFFERED
    return answer_longer(Rsvp, offered, Rsvp.answer_until, since, until, latest=lambda row: row.gathering.begins_at)
