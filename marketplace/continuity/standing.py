"""Check the journal of this town's own database against the heads of days that stand on chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import sqlalchemy as sa

from marketplace.chain.anchoring import fixed_on_chain
from marketplace.journal.checking import Fault, Fixed, Wrong, check_here
from marketplace.journal.days import heads
from marketplace.journal.models import Day, Entry, Head
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, let_go, see_one_moment
from marketplace.kit.published import Malformed

LOOKED_BACK = timedelta(days=400)
"""How far back heads are looked for on chain where the database knows of no day at all."""


def verify_here(told: Callable[[str], None] = lambda day: None) -> str:
    """What was checked, in one line. Raises Malformed, which names the row that is wrong, and Unavailable.

    The chain is asked for the head of each day since the oldest row, not only for those that the database knows: who
    cuts off the end of the journal cuts off the days with it.
    """
    days = {day.day: day for day in heads()}
    oldest = _oldest(days)
    on_chain: dict[date, str] = {}
    while oldest < jst(now()).date():
        if (root := fixed_on_chain(f"journal:{oldest.isoformat()}")) is not None:
            on_chain[oldest] = root
        told(oldest.isoformat())
        oldest += timedelta(days=1)
    see_one_moment()
    try:
        fault = check_here([Fixed(str(day), days[day].seq, root) for day, root in on_chain.items() if day in days])
        fault = fault or check_here([Fixed(str(day.day), day.seq, day.hash) for day in days.values()])
        head = db.session.get(Head, 1)
        rows = head.seq if head else 0
    finally:
        let_go()
    unknown = [day for day in on_chain if day not in days]
    if fault is None and unknown:
        fault = Fault(rows + 1, Wrong.CUT, about=f"a head of {unknown[-1]} stands on chain")
    if fault is not None:
        raise Malformed(f"journal: {fault}")
    return f"journal: {rows} entries; {len(on_chain)} of {len(days)} heads of days stand on chain"


def _oldest(days: dict[date, Day]) -> date:
    first = db.session.scalar(sa.select(sa.func.min(Entry.at)))
    known = [*days, *([jst(first).date()] if first else [])]
    return min(known, default=jst(now()).date() - LOOKED_BACK)
