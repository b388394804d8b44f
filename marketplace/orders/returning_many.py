"""Give the money of many issued rights back: of a sale that was cancelled when some had come, of a place that closes.

Each order is asked for and decided as one alone is, see returning.py, a portion at a time in the worker: whoever dies
in between loses nothing, and twice is once. What can't go back now stays as it is, which is told beforehand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from marketplace.accounts.second_person import SamePerson, acting, reason
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, lock, transaction
from marketplace.kit.refusals import Refused, WrongState
from marketplace.listings.models import Listing
from marketplace.orders import deposits, returning
from marketplace.orders.models import Order, OrderState, RefundRequest, RefundRequestState
from marketplace.outbox.promising import handles, say

PORTION = 20
MOST = 1_000
"""So many orders are looked at for one page."""
DECISIONS = {"approve": returning.approve, "withdraw": returning.withdraw}


class Preview(NamedTuple):
    """What asking now would mean."""

    orders: int
    """Whose money can go back."""
    yen: int
    obstacles: list[tuple[str, int]]
    """(why it can't, how many), the most first."""
    unseen: int
    """Further orders that nobody has looked at."""


class Group(NamedTuple):
    """Requests that one person made with one reason, and that wait: their ids from `first` to `last`."""

    asked_by: int
    why: str
    first: int
    last: int
    orders: int
    yen: int


def preview(listing_id: int) -> Preview:
    asked = sa.exists().where(RefundRequest.order_id == Order.id, RefundRequest.state == RefundRequestState.ASKED)
    issued = sa.select(Order).where(*_issued(listing_id), ~asked)
    found = list(db.session.scalars(issued.order_by(Order.id).limit(MOST)))
    refusals = returning.obstacles(found)
    free = [order for order in found if order.id not in refusals]
    yen = sum(order.back_yen for order in free) - deposits.gone_back(*free)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(issued.subquery())) or 0
    why_not = Counter(map(str, refusals.values()))
    return Preview(len(free), yen, why_not.most_common(), total - len(found))


def groups(listing_id: int) -> list[Group]:
    """What waits for a second person, the oldest first."""
    its = (RefundRequest.asked_by, RefundRequest.why)
    first = sa.func.min(RefundRequest.id)
    query = (
        sa.select(*its, first, sa.func.max(RefundRequest.id), sa.func.count(), sa.func.sum(Order.yen))
        .join(Order, Order.id == RefundRequest.order_id)
        .where(Order.listing_id == listing_id, RefundRequest.state == RefundRequestState.ASKED)
        .group_by(*its)
        .order_by(first)
    )
    return [Group(by, why, low, high, count, int(yen)) for by, why, low, high, count, yen in db.session.execute(query)]


def ask(listing_id: int, actor_id: int, why: str) -> None:
    """One person says why the money of all that came to their buyers has to go back ⇢ returns.asked. NoReason."""
    words = reason(why)
    with transaction():
        listing = lock(Listing, listing_id)
        note(listing.subject, "refund.ask_many", by=acting(actor_id), why=words)
        at = now()
        _say_asked(f"{listing.code}:{actor_id}:{at:%Y%m%d%H%M%S}", listing_id, actor_id, words, at.isoformat(), 0)


def decide(listing_id: int, first: int, last: int, decision: str, actor_id: int) -> None:
    """Another person approves what was asked for, or somebody takes it back ⇢ returns.decided. SamePerson, WrongState.

    Of a group whose requests between `first` and `last` were read: what was asked since is read first.
    """
    with transaction():
        listing = lock(Listing, listing_id)
        group = next((each for each in groups(listing_id) if each.first == first), None)
        if group is None:
            raise WrongState
        if decision == "approve" and group.asked_by == actor_id:
            raise SamePerson
        note(listing.subject, f"refund.{decision}_many", by=acting(actor_id), why=group.why)
        run = f"{listing.code}:{actor_id}:{decision}:{first}:{now():%Y%m%d%H%M%S}"
        _say_decided(run, listing_id, actor_id, decision, group.asked_by, group.why, last, first - 1)


@handles("returns.asked")
def ask_some(run: str, listing_id: int, actor_id: int, why: str, since: str, past: int) -> None:
    """A portion, then say that there are more. What was asked for since this began is not asked for again: somebody may
    have taken it back before a worker that died is followed by another."""
    done = sa.exists().where(
        *(RefundRequest.order_id == Order.id, RefundRequest.asked_by == actor_id, RefundRequest.why == why),
        RefundRequest.asked_at >= datetime.fromisoformat(since),
    )
    query = sa.select(Order.id).where(*_issued(listing_id), Order.id > past, ~done)
    ids = _portion(query.order_by(Order.id))
    for order_id in ids:
        with suppress(Refused):
            returning.ask(order_id, actor_id, why)
    if len(ids) == PORTION:
        with transaction():
            _say_asked(run, listing_id, actor_id, why, since, ids[-1])


@handles("returns.decided")
def decide_some(
    run: str, listing_id: int, actor_id: int, decision: str, asked_by: int, why: str, last: int, past: int
) -> None:
    """As ask_some(). One that can't go back any more, or is the decider's own, waits for another decision."""
    query = sa.select(RefundRequest.id).join(Order, Order.id == RefundRequest.order_id)
    query = query.where(
        *(Order.listing_id == listing_id, RefundRequest.asked_by == asked_by, RefundRequest.why == why),
        *(RefundRequest.state == RefundRequestState.ASKED, RefundRequest.id > past, RefundRequest.id <= last),
    )
    ids = _portion(query.order_by(RefundRequest.id))
    for request_id in ids:
        with suppress(Refused):
            DECISIONS[decision](request_id, actor_id)
    if len(ids) == PORTION:
        with transaction():
            _say_decided(run, listing_id, actor_id, decision, asked_by, why, last, ids[-1])


def _issued(listing_id: int) -> Sequence[sa.ColumnElement[bool]]:
    """Of those that were paid for."""
    paid = Order.paid_by_payment_id.is_not(None)
    return (Order.listing_id == listing_id, Order.state == OrderState.ISSUED, paid)


def _portion(query: sa.Select[int]) -> list[int]:
    ids = list(db.session.scalars(query.limit(PORTION)))
    let_go()
    return ids


def _say_asked(run: str, listing_id: int, actor_id: int, why: str, since: str, past: int) -> None:
    about: dict[str, Any] = {"why": why, "since": since, "past": past}
    say("returns.asked", key=f"{run}:{past}", run=run, listing_id=listing_id, actor_id=actor_id, **about)


def _say_decided(
    run: str, listing_id: int, actor_id: int, decision: str, asked_by: int, why: str, last: int, past: int
) -> None:
    about: dict[str, Any] = {"decision": decision, "asked_by": asked_by, "why": why, "last": last, "past": past}
    say("returns.decided", key=f"{run}:{past}", run=run, listing_id=listing_id, actor_id=actor_id, **about)
