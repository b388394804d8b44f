"""Messages to partners: written down with the fact, sent after it, tried again for days, sent anew on request."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.second_person import acting
from marketplace.journal.writing import move
from marketplace.kit.clock import jst, now
from marketplace.kit.codes import public_code, secret
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.refusals import Invalid, Rejected, Unavailable, WrongState
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.outbox.promising import say
from marketplace.settings import settings
from marketplace.webhooks import registering
from marketplace.webhooks.courier import courier
from marketplace.webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState
from marketplace.webhooks.signing import headers, secrets_of
from marketplace.webhooks.topics import PING

AGAIN = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""After the first attempt, the second, …, as the specification suggests. Then it is given up."""
LISTENS = Endpoint.state.in_((EndpointState.ACTIVE, EndpointState.STOPPED))
GONE = 410
"""The receiver wants no more of it, ever (RFC 9110 §15.5.11)."""


def tell(topic: str, code: str, key: str) -> int:
    """Write a fact about a public listing down for everybody who wants it; the number of those. Twice is once."""
    if not _anybody_listens():
        return 0
    with transaction() as session:
        listing = session.scalar(sa.select(Listing).where(Listing.code == code, ANNOUNCED))
        if listing is None:
            return 0
        wanted = sa.select(Endpoint).where(LISTENS)
        return sum(_write(row, topic, key, about(listing)) for row in session.scalars(wanted) if topic in row.topics)


def _anybody_listens() -> bool:
    """Most towns have no partners: then nothing is locked for them."""
    found = db.session.scalar(sa.select(Endpoint.id).where(LISTENS).limit(1))
    let_go()
    return found is not None


def ping(endpoint_id: int) -> None:
    """A message that says nothing. WrongState where none are sent."""
    with transaction():
        row = lock(Endpoint, endpoint_id)
        if not row.sends:
            raise WrongState
        _write(row, PING, f"{PING}:{secret(9)}", {"endpoint": row.code})


def replay(delivery_id: int, actor_id: int) -> None:
    """Send the very same message again, from its first attempt. WrongState where nothing is sent any more."""
    with transaction():
        endpoint = lock(Endpoint, get(Delivery, delivery_id).endpoint_id)
        row, by = lock(Delivery, delivery_id), acting(actor_id)
        if endpoint.state == EndpointState.ENDED:
            raise WrongState
        row.attempts, row.replays, row.delivered_at = 0, row.replays + 1, None
        move(row, "replay_webhook", by=by)
        _promise(row)


def about(listing: Listing) -> dict[str, Any]:
    """Little, and where the rest is: who wants more asks the API, which says how things are then."""
    base = settings().base_url
    return {
        "code": listing.code,
        "title": {"ja": listing.right.title_ja, "en": listing.right.title_en},
        "kind": str(listing.right.kind),
        "mode": str(listing.mode),
        "state": str(listing.state),
        "url": f"{base}/listings/{listing.code}",
        "api": f"{base}/api/v1/listings/{listing.code}",
    }


def attempt(delivery_id: int, replay: int, attempt: int) -> None:
    """Send a message once, and write down how that went; nothing where that attempt was made already."""
    row = get(Delivery, delivery_id)
    if not _is_due(row, replay, attempt) or not row.endpoint.sends:
        return
    at = now()
    keys = secrets_of(row.endpoint.code, row.endpoint.edition, row.endpoint.renewed_at, at)
    url, body, sent = row.endpoint.url, row.body, headers(row.code, int(at.timestamp()), row.body, keys)
    let_go()
    status, trouble = None, ""
    try:
        status = courier().post(url, sent, body)
    except (Unavailable, Rejected, Invalid) as error:
        trouble = str(error)[:200]
    with transaction():
        endpoint = lock(Endpoint, get(Delivery, delivery_id).endpoint_id)
        row = lock(Delivery, delivery_id)
        if not _is_due(row, replay, attempt):
            return
        row.attempts, row.tried_at, row.answered, row.trouble = attempt + 1, at, status, trouble
        if status is not None and 200 <= status < 300:
            row.delivered_at = at
            move(row, "deliver_webhook", endpoint=endpoint.code)
        elif status == GONE or attempt >= len(AGAIN):
            move(row, "give_up_webhook", endpoint=endpoint.code)
            if endpoint.state == EndpointState.ACTIVE:
                gone = "相手のしくみが、もう受け取らないと答えました（410）。"
                registering.stop(endpoint.id, gone if status == GONE else "3日のあいだ届かないお知らせがありました。")
        else:
            _promise(row, AGAIN[attempt])


def log_of(endpoint_id: int, before: int | None, most: int) -> list[Delivery]:
    """The newest messages first, those before an id."""
    query = sa.select(Delivery).where(Delivery.endpoint_id == endpoint_id)
    if before is not None:
        query = query.where(Delivery.id < before)
    return list(db.session.scalars(query.order_by(Delivery.id.desc()).limit(most)))


def find(endpoint_id: int, code: str) -> Delivery | None:
    return db.session.scalar(sa.select(Delivery).where(Delivery.endpoint_id == endpoint_id, Delivery.code == code))


def counts(endpoint_id: int) -> dict[DeliveryState, int]:
    query = sa.select(Delivery.state, sa.func.count()).where(Delivery.endpoint_id == endpoint_id)
    found = dict(db.session.execute(query.group_by(Delivery.state)).all())
    return {state: found.get(state, 0) for state in DeliveryState}


def _is_due(row: Delivery, replay: int, attempt: int) -> bool:
    return row.state == DeliveryState.WAITING and (row.replays, row.attempts) == (replay, attempt)


def _write(endpoint: Endpoint, topic: str, key: str, data: dict[str, Any]) -> bool:
    at = now()
    body = {"type": topic, "timestamp": jst(at).isoformat(timespec="seconds"), "data": data}
    made = insert_once(
        Delivery,
        {
            "code": public_code("MSG", 16),
            "endpoint_id": endpoint.id,
            "topic": topic,
            "key": key,
            "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            "said_at": at,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "replays": 0,
            "trouble": "",
        },
    )
    if made is None:
        return False
    _promise(get(Delivery, made))
    return True


def _promise(row: Delivery, after: timedelta = timedelta(0)) -> None:
    key = f"{row.code}:{row.replays}:{row.attempts}"
    say("webhook.due", key=key, after=after, delivery_id=row.id, replay=row.replays, attempt=row.attempts)
