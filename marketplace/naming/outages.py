"""Time in which no name could be proposed is given back."""

from __future__ import annotations

from datetime import datetime

from marketplace.journal.making_good import answer_longer
from marketplace.naming.models import Naming, NamingState


def propose_longer(since: datetime, until: datetime) -> int:
    """Inside a transaction: how many first buyers have longer."""
    waits = Naming.state.in_((NamingState.INVITED, NamingState.NONE_FIT))
    return answer_longer(Naming, waits, Naming.answer_by, since, until)
