"""The town in figures, for Prometheus or whoever reads its text: counts and ages, no person and no sum of one.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime
from ipaddress import ip_address

import sqlalchemy as sa
from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from marketplace.api.health import plain
from marketplace.chain import alarms, register
from marketplace.chain.models import CallState
from marketplace.journal.models import Entry
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.listings.models import Listing, ListingState
from marketplace.notices.mail import PAPER
from marketplace.notices.models import Notice
from marketplace.operating.answering import counters
from marketplace.operating.archive import newest
from marketplace.operating.health import Grade
from marketplace.operating.looking_inside import STILL
from marketplace.operating.measuring import BUCKETS
from marketplace.operating.watching import last_round, standing
from marketplace.orders.models import Order, OrderState
from marketplace.outbox.models import Message
from marketplace.outbox.troubles import OPEN, set_aside
from marketplace.payments.models import Payment, PaymentState
from marketplace.settings import settings
from marketplace.tokens.models import Token, TokenState

bp = Blueprint("metrics", __name__)

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
Values = list[tuple[str, float]]


@bp.get("/metrics")
def metrics() -> ResponseReturnValue:
    if not may_read():
        abort(403)
    response = plain("".join(lines()))
    response.content_type = "text/plain; version=0.0.4; charset=utf-8"
    return response


def may_read() -> bool:
    """Who has METRICS_TOKEN; where there is none, who asks on this machine itself, and not through a proxy on it."""
    if token := settings().metrics_token.get_secret_value():
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def lines() -> Iterator[str]:
    """Each figure with its help; a state without rows is 0, so that a graph has no holes."""
    yield from by_state("hiroba_listings", "Sales by state", ListingState, Listing.state)
    yield from by_state("hiroba_orders", "Orders by state", OrderState, Order.state)
    yield from by_state("hiroba_payments", "Payments by state", PaymentState, Payment.state)
    yield from by_state("hiroba_tokens", "Tokens by state", TokenState, Token.state)
    yield from gauge("hiroba_outbox", "Messages of the outbox that are not done", outbox())
    due = sa.select(sa.func.min(Message.due_at)).where(*OPEN, ~set_aside())
    yield from gauge("hiroba_outbox_overdue_seconds", "How long the oldest message is overdue", since(due))
    unsent = sa.select(sa.func.min(Notice.promised_at)).where(
        Notice.sent_at.is_(None), Notice.to_email.not_like(f"%@{PAPER}")
    )
    yield from gauge("hiroba_letters_waiting_seconds", "How long the oldest unsent letter waits", since(unsent))
    unsealed = sa.select(sa.func.min(Entry.at)).where(Entry.seq.is_(None))
    yield from gauge("hiroba_journal_unsealed_seconds", "How long the oldest entry waits for its seal", since(unsealed))
    yield from of_the_chain()
    yield from of_the_house()
    yield from of_requests()


def outbox() -> Values:
    """Open messages; of these the late ones, which failed before or have been due for a while; and those given up."""
    open_ = sa.and_(*OPEN)
    late = sa.and_(open_, sa.or_(Message.error.is_not(None), sa.and_(Message.due_at < now() - STILL, ~set_aside())))
    parked = sa.and_(Message.done_at.is_(None), Message.parked_at.is_not(None))
    kinds = (open_, late, parked)
    row = db.session.execute(sa.select(*(sa.func.count().filter(kind) for kind in kinds)).select_from(Message)).one()
    return [(f'{{state="{name}"}}', count) for name, count in zip(("open", "late", "parked"), row, strict=True)]


def of_the_chain() -> Iterator[str]:
    chain = register.status()
    lag = max(chain["head_block"] - chain["followed_block"], 0)
    yield from gauge("hiroba_chain_lag_blocks", "Blocks that the follower has not read", [("", lag)])
    yield from gauge("hiroba_chain_head_block", "Newest block that was seen", [("", chain["head_block"])])
    if (read_at := register.read_at()) is not None:
        yield from gauge("hiroba_chain_read_seconds", "Since the follower stood at the head", [("", age(read_at))])
    calls: Values = [
        ('{state="waiting"}', register.waiting()),
        (f'{{state="{CallState.PARKED}"}}', len(register.parked(1_000))),
    ]
    yield from gauge("hiroba_chain_calls", "Calls to the chain that are not mined", calls)
    yield from gauge("hiroba_chain_alarms", "Alarms of the chain that stand", [("", len(alarms.standing()))])


def of_the_house() -> Iterator[str]:
    grades = [trouble.fault.grade for trouble in standing() if trouble.fault is not None]
    counted: Values = [(f'{{grade="{grade}"}}', grades.count(grade)) for grade in (Grade.WARN, Grade.BAD)]
    yield from gauge("hiroba_troubles", "Faults that the last round found, see /staff/health", counted)
    if (looked_at := last_round()) is not None:
        yield from gauge("hiroba_watch_seconds", "Since a worker went its round", [("", age(looked_at))])
    if (last := newest(settings().backups)) is not None:
        yield from gauge("hiroba_backup_age_seconds", "Age of the newest whole backup", [("", age(last.made_at))])


def of_requests() -> Iterator[str]:
    """Of all web processes of this machine together."""
    name, found = "hiroba_request_seconds", counters().found()
    yield f"# HELP {name} How long requests took, by the office that answered.\n# TYPE {name} histogram\n"
    for office, (cumulative, seconds, statuses) in found.items():
        count = sum(statuses.values())
        for end_, many in zip(BUCKETS, cumulative, strict=True):
            yield f'{name}_bucket{{office="{office}",le="{end_:g}"}} {many:g}\n'
        yield f'{name}_bucket{{office="{office}",le="+Inf"}} {count:g}\n'
        yield f'{name}_sum{{office="{office}"}} {seconds:.6f}\n{name}_count{{office="{office}"}} {count:g}\n'
    name = "hiroba_requests_total"
    yield f"# HELP {name} Requests by office and kind of answer.\n# TYPE {name} counter\n"
    for office, (_, _, statuses) in found.items():
        for status, many in statuses.items():
            yield f'{name}{{office="{office}",status="{status}"}} {many:g}\n'


def since(oldest: sa.Select[datetime]) -> Values:
    found = db.session.scalar(oldest)
    return [("", max(age(found), 0.0) if found is not None else 0.0)]


def age(moment: datetime) -> float:
    return round((now() - moment).total_seconds(), 3)


def by_state(name: str, help_: str, states: Iterable[str], column: sa.SQLColumnExpression[str]) -> Iterator[str]:
    found = dict(db.session.execute(sa.select(column, sa.func.count()).group_by(column)).all())
    yield from gauge(name, help_, [(f'{{state="{state}"}}', found.get(state, 0)) for state in states])


def gauge(name: str, help_: str, values: Values) -> Iterator[str]:
    yield f"# HELP {name} {help_}.\n# TYPE {name} gauge\n"
    for labels, value in values:
        yield f"{name}{labels} {value:g}\n" if value < 1e6 else f"{name}{labels} {value:.0f}\n"
