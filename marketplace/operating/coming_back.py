"""A town that was away, for an hour or a week: before its clock goes on, it gives back what it has taken by that.

How long it was is told by the last round of the watch. Of several workers that begin at once, one does it.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, transaction
from marketplace.lotteries.outages import promote_longer
from marketplace.operating.models import Round
from marketplace.orders.outages import give_time_back

log = logging.getLogger(__name__)
AWAY = timedelta(minutes=15)
"""From here on: a worker that is begun anew for an upgrade is back before anybody misses it."""


def come_back() -> int:
    """Give the time of winners, and of those who wait, back, once for each time away; how many winners there were."""
    with transaction():
        if db.session.get(Round, 1) is None:  # nobody ever worked here
            return 0
        last, at = lock(Round, 1), now()
        if at - last.at < AWAY or last.made_good == last.at:
            return 0
        last.made_good = last.at
        longer = promote_longer(last.at, at)
        moved = give_time_back(last.at, at)
        away = last.at.isoformat(timespec="minutes")
    log.warning("nobody worked here since %s: %d deadlines and %d promotings were moved", away, moved, longer)
    return moved
