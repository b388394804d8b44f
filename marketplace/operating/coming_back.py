"""A town that was away, for an hour or a week: before its clock goes on, it gives back what it has taken by that.

How long it was is told by the last round of the watch. Of several workers that begin at once, one does it. So does one
that was not ended, where its machine slept or its database was away: its clock and its watch look, too.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from marketplace.collections.outages import answer_swaps_longer
from marketplace.gatherings.outages import answer_seats_longer
from marketplace.holders.outages import answer_gifts_longer
from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, transaction
from marketplace.lotteries.outages import promote_longer
from marketplace.naming.outages import propose_longer
from marketplace.operating.models import Round
from marketplace.orders.outages import give_time_back

log = logging.getLogger(__name__)
ANSWERS = (answer_gifts_longer, answer_swaps_longer, answer_seats_longer, propose_longer)
AWAY = timedelta(minutes=15)
"""From here on: a worker that is begun anew for an upgrade is back before anybody misses it."""


def come_back() -> int:
    """Give the time of winners, of those who wait, and of those who were asked for an answer back, once for each time
    away; how many winners there were."""
    with transaction():
        if db.session.get(Round, 1) is None:  # nobody ever worked here
            return 0
        last, at = lock(Round, 1), now()
        since = last.at
        if last.made_good is not None and since < last.made_good <= at:  # came back, and was off again before a round
            since = last.made_good
        if at - since < AWAY:
            return 0
        last.made_good = at
        longer = promote_longer(since, at)
        moved = give_time_back(since, at)
        answers = sum(give_back(since, at) for give_back in ANSWERS)
        away = since.isoformat(timespec="minutes")
    words = "nobody worked here since %s: %d deadlines, %d promotings and %d answers have longer"
    log.warning(words, away, moved, longer, answers)
    return moved
