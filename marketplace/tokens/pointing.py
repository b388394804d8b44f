"""Tell the chain that a series' metadata was corrected (ERC-4906: BatchMetadataUpdate), or will never be again."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Call
from marketplace.chain.sending import promise
from marketplace.kit.db import db, let_go, lock, transaction, writing
from marketplace.kit.refusals import Unavailable
from marketplace.metadata.replicating import ready
from marketplace.rights.models import Right

SIGNER = "issuer"


def point(right_id: int, edition: int) -> None:
    """Have the series point to the newest edition. Unavailable until that is kept as safely as the first one was.

    Nothing to say for a series that the chain does not know yet: it will be created with the newest address.
    """
    if not ready(right_id):
        raise Unavailable(f"edition {edition} of right {right_id} has too few verified replicas")
    let_go()
    with transaction():
        right = lock(Right, right_id)
        if is_promised(right):
            key = f"series:{right.series_id}:uri:{edition}"
            promise(key, SIGNER, RIGHTS, "setSeriesURI", [right.series_id, right.series_uri])


def freeze(right_id: int) -> None:
    """Give up on chain what the town has given up; a series that is not there yet is frozen when it is created."""
    with transaction():
        right = lock(Right, right_id)
        if is_promised(right):
            promise_freeze(right)


def promise_freeze(right: Right) -> None:
    promise(f"series:{right.series_id}:freeze", SIGNER, RIGHTS, "freezeSeries", [right.series_id])


def as_it_is(right_id: int) -> Right:
    """The right as it is now, and so until the transaction ends: who corrects it waits, who issues does not."""
    assert writing(), "as_it_is() belongs inside transaction()"
    query = sa.select(Right).where(Right.id == right_id).with_for_update(read=True)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def is_promised(right: Right) -> bool:
    """Whether the series was promised to the chain."""
    return db.session.scalar(sa.select(Call.id).where(Call.key == f"series:{right.series_id}")) is not None
