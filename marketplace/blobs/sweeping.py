"""What was brought and never named is taken away: a day later, when whoever brought it is done or dead."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta

import sqlalchemy as sa

from marketplace.blobs.keeping import KEY
from marketplace.blobs.models import Blob
from marketplace.blobs.store import AT_ONCE, stores
from marketplace.kit.batches import batched
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import sheet
from marketplace.outbox.promising import still_due

log = logging.getLogger(__name__)
AGE = timedelta(days=1)


@sheet(every=3600, name="blobs.sweep", asks="stores")
def sweep() -> int:
    """How many were taken away. Keys that are not of our form are somebody else's and are left alone."""
    count = 0
    for place, store in stores().items():
        try:
            for key in _unnamed(key for key in store.older(now() - AGE) if KEY.fullmatch(key)):
                store.delete(key)
                count += 1
        except Unavailable as trouble:
            log.warning("sweeping the %s: %s", place, trouble)
    if count:
        log.info("%s blobs that nobody names were deleted", count)
    return count


def _unnamed(keys: Iterable[str]) -> Iterator[str]:
    for some in batched(keys, AT_ONCE):
        named = set(db.session.scalars(sa.select(Blob.key).where(Blob.key.in_(some))))
        named |= still_due("blob.dropped", some)  # these go when their time has come: somebody may still be reading
        let_go()
        yield from (key for key in some if key not in named)
