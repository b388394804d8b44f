"""What waits for one who may be slow, as thousands of letters do, is kept by a thread that does nothing else.

Behind it wait neither the worker's clock nor the orders of anybody; and of what waits, the most pressing goes first.
"""

from __future__ import annotations

from threading import Event

from marketplace.kit.refusals import Rejected
from marketplace.outbox.keeping import claim, due, keep, written_as_done

AT_A_TIME = 10
"""What becomes pressing meanwhile waits for so many others at most."""
PATIENCE = 3
"""Failures in a row that are not of one letter alone: the other side does not answer, or takes no more for now. Whom it
refused before, it refuses again: that says nothing of the others."""


def carry(stop: Event) -> bool:
    """Keep what is due until nothing is, or until `stop`. False where the other side does not take it now."""
    failed = 0
    while ids := due(AT_A_TIME, aside=True):
        for message_id in ids:
            if stop.is_set():
                return True
            message = claim(message_id)
            if message is None:
                continue
            trouble = keep(message)
            if trouble is None:
                written_as_done(message)
                failed = 0
            elif not isinstance(trouble, Rejected) or message.attempts == 1:
                failed += 1
            if failed == PATIENCE:
                return False
    return True
