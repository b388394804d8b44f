"""A partner's address: proposed by one, approved by another, stopped, resumed, ended; and its secret, shown once."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from marketplace.accounts.second_person import acting, reason
from marketplace.journal.writing import SYSTEM, move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.outbox.promising import say
from marketplace.settings import settings
from marketplace.webhooks.addresses import on_this_machine, target
from marketplace.webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState
from marketplace.webhooks.signing import secret
from marketplace.webhooks.topics import TOPICS


def propose(actor_id: int, name: str, url: str, topics: Sequence[str], why: str) -> int:
    """The id of the new endpoint. Invalid, BadAddress, NoReason."""
    called, known = name.strip()[:80], [topic for topic in TOPICS if topic in topics]
    if not called:
        raise Invalid("相手の名前を入力してください。", field="name")
    if not known:
        raise Invalid("お送りするできごとを、1つ以上選んでください。", field="topics")
    target(url, trial=on_this_machine(settings().base_url))
    with transaction() as session:
        row = Endpoint(
            name=called,
            url=url.strip(),
            topics=known,
            state=EndpointState.PROPOSED,
            asked_by=actor_id,
            asked_at=now(),
            why=reason(why),
        )
        session.add(row)
        session.flush()
        note(row.subject, "propose_webhook", by=acting(actor_id), why=row.why, topics=known)
        return row.id


def approve(endpoint_id: int, actor_id: int) -> None:
    """SamePerson for whoever proposed it."""
    with transaction():
        row = lock(Endpoint, endpoint_id)
        row.MOVES.next(row.state, "approve_webhook")
        row.decide(actor_id)
        move(row, "approve_webhook", by=acting(actor_id))


def issue_secret(endpoint_id: int, actor_id: int) -> str:
    """The secret, for this one answer. A second one is another: the first signs for one more day."""
    with transaction():
        row = lock(Endpoint, endpoint_id)
        if row.state not in (EndpointState.ACTIVE, EndpointState.STOPPED):
            raise WrongState
        row.edition += 1
        row.renewed_at = now()
        note(row.subject, "issue_webhook_secret", by=acting(actor_id), edition=row.edition)
        if row.edition == 1:
            _wake(row)
        return secret(row.code, row.edition)


def stop(endpoint_id: int, why: str, actor_id: int | None = None) -> None:
    """Messages are written down from now on, and wait. NoReason. None: the house does it by itself."""
    with transaction():
        row = lock(Endpoint, endpoint_id)
        row.stopped_why = reason(why)
        move(row, "stop_webhook", by=SYSTEM if actor_id is None else acting(actor_id), why=row.stopped_why)


def resume(endpoint_id: int, actor_id: int) -> None:
    """What waited is sent."""
    with transaction():
        row, by = lock(Endpoint, endpoint_id), acting(actor_id)
        row.stopped_why = ""
        row.resumed += 1
        move(row, "resume_webhook", by=by)
        _wake(row)


def end(endpoint_id: int, actor_id: int) -> None:
    """For good; a proposal is refused or taken back so."""
    with transaction():
        move(lock(Endpoint, endpoint_id), "end_webhook", by=acting(actor_id))


def endpoint_of(code: str) -> Endpoint:
    row = db.session.scalar(sa.select(Endpoint).where(Endpoint.code == code))
    if row is None:
        raise LookupError(f"endpoint {code}")
    return row


def everyone() -> list[Endpoint]:
    return list(db.session.scalars(sa.select(Endpoint).order_by(Endpoint.state == "ended", Endpoint.id)))


def waiting_for(actor_id: int) -> list[Endpoint]:
    """What this member of staff may approve."""
    query = sa.select(Endpoint).where(Endpoint.state == EndpointState.PROPOSED, Endpoint.asked_by != actor_id)
    return list(db.session.scalars(query.order_by(Endpoint.id)))


def stopped() -> list[Endpoint]:
    return list(db.session.scalars(sa.select(Endpoint).where(Endpoint.state == EndpointState.STOPPED)))


def _wake(row: Endpoint) -> None:
    """Promise everything that waits for this endpoint anew."""
    query = sa.select(Delivery).where(Delivery.endpoint_id == row.id, Delivery.state == DeliveryState.WAITING)
    for each in db.session.scalars(query.order_by(Delivery.id)):
        key = f"{each.code}:{each.replays}:{each.attempts}:{row.resumed}:{row.edition}"
        say("webhook.due", key=key, delivery_id=each.id, replay=each.replays, attempt=each.attempts)
