"""Put the evidence of a sale together: asked at the desk, done by the worker, step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from marketplace.auditing import evidence
from marketplace.auditing.models import Evidence, EvidenceFile, EvidenceState
from marketplace.journal.writing import move, note
from marketplace.kit.alone import alone
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, see_one_moment, transaction
from marketplace.kit.engines import begun
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing
from marketplace.outbox.promising import say
from marketplace.settings import settings


class NotApproved(Refused):
    code = "not_approved"
    message = "まだ承認されていない出品には、まとめる証拠がありません。"


def ask(listing_id: int, actor_id: int) -> int:
    """Have the evidence of a sale put together as it is now; the id. Asked again while it is made, it is made once."""
    by = staff_name(actor_id)
    with transaction():
        if get(Listing, listing_id).text_hash is None:
            raise NotApproved
        steps = len(evidence.STEPS)
        values = {"listing_id": listing_id, "state": EvidenceState.ASKED, "asks": 1, "done": 0, "steps": steps}
        new = insert_once(Evidence, values | {"asked_at": now()})
        found = sa.select(Evidence.id).where(Evidence.listing_id == listing_id)
        row = lock(Evidence, db.session.scalars(found).one())
        if new is not None:
            note(row.subject, "collect", by=by)
        elif row.state == EvidenceState.READY:
            row.asks, row.done, row.steps, row.asked_at = row.asks + 1, 0, steps, now()
            move(row, "collect", by=by)
        else:
            return row.id
        say("evidence.asked", key=f"{row.id}:{row.asks}", evidence_id=row.id, asks=row.asks)
        return row.id


def collect(evidence_id: int, asks: int) -> None:
    """Read everything in one moment, pack it, keep it. Dying in here is harmless: it begins again.

    Unavailable while this machine puts another one, or the same one, together.
    """
    row = get(Evidence, evidence_id)
    if row.state != EvidenceState.ASKED or row.asks != asks:
        return
    with _turn():
        see_one_moment()
        try:
            data = evidence.collect(get(Listing, row.listing_id), lambda done: _tell(evidence_id, done))
        finally:
            let_go()
    with transaction() as session:
        row = lock(Evidence, evidence_id)
        if row.state != EvidenceState.ASKED or row.asks != asks:
            return
        row.sha256, row.size, row.ready_at = hashlib.sha256(data).hexdigest(), len(data), now()
        session.merge(EvidenceFile(evidence_id=evidence_id, data=data))
        move(row, "complete", sha256=row.sha256)


@contextmanager
def _turn() -> Iterator[None]:
    """Of a town with many years it takes longer than a worker's lease: whoever is told meanwhile, the worker's clock
    mostly, has more to do than to read the same once more."""
    place = settings().data_dir / "evidence"
    place.mkdir(exist_ok=True)
    try:
        with alone(place, patience_s=0.0):
            yield
    except TimeoutError:
        raise Unavailable("evidence is just being put together") from None


def _tell(evidence_id: int, done: int) -> None:
    """On a connection of its own: the session is in the middle of its one moment."""
    with begun(db.engine, writing=True) as connection:
        connection.execute(sa.update(Evidence).where(Evidence.id == evidence_id).values(done=done))
