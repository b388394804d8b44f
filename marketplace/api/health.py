"""How the house is: alive, ready, and in figures for whoever watches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from marketplace.chain import register
from marketplace.chain.models import CallState
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.orders.models import Order, OrderState
from marketplace.outbox.models import Message
from marketplace.settings import settings
from marketplace.tokens.models import Token, TokenState

bp = Blueprint("health", __name__)

A_WHILE = timedelta(minutes=1)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """This process answers. It asks nobody else, so that a slow database does not have it killed."""
    return plain("ok\n")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Whether visitors may come: 200, or 503 with what is missing."""
    missing = not_ready()
    response = jsonify(ready=missing is None, missing=missing)
    response.headers["Cache-Control"] = "no-store"
    return response, 200 if missing is None else 503


@bp.get("/metrics")
def metrics() -> ResponseReturnValue:
    """https://prometheus.io/docs/instrumenting/exposition_formats/"""
    response = plain("".join(lines()))
    response.content_type = "text/plain; version=0.0.4; charset=utf-8"
    return response


def not_ready() -> str | None:
    """The first thing that is missing; None where nothing is."""
    try:
        present = at_present_schema()
    except sa.exc.SQLAlchemyError:
        return "the database does not answer"
    if not present:
        return "the database is not at the present schema: run `python -m marketplace migrate`"
    marker = settings().data_dir / "hiroba.town"
    if settings().demo and marker.exists() and marker.read_text().strip() != "open":
        return "the demo town is being built"
    return None


def at_present_schema() -> bool:
    """Whether the database has the tables of this program. Raises SQLAlchemyError where it does not answer."""
    with db.engine.connect() as connection:
        have = set(MigrationContext.configure(connection).get_current_heads())
    return have == {wanted_head()}


def wanted_head() -> str:
    """The revision of the schema that this program works with."""
    return _head_in(str(current_app.extensions["migrate"].directory))


@lru_cache
def _head_in(directory: str) -> str:
    return str(ScriptDirectory(directory).get_current_head())


def lines() -> Iterable[str]:
    """Gauges, each with its help; a state without rows is 0, so that a graph has no holes."""
    yield from by_state("hiroba_orders", "Orders by state", OrderState, Order.state)
    yield from by_state("hiroba_tokens", "Tokens by state", TokenState, Token.state)
    yield from gauge("hiroba_outbox", "Messages of the outbox that are not done", outbox())
    chain = register.status()
    lag = max(chain["head_block"] - chain["followed_block"], 0)
    yield from gauge("hiroba_chain_lag_blocks", "Blocks that the follower has not read", [("", lag)])
    yield from gauge("hiroba_chain_head_block", "Newest block that was seen", [("", chain["head_block"])])
    calls = [
        ('{state="waiting"}', register.waiting()),
        (f'{{state="{CallState.PARKED}"}}', len(register.parked(1_000))),
    ]
    yield from gauge("hiroba_chain_calls", "Calls to the chain that are not mined", calls)


def outbox() -> list[tuple[str, int]]:
    """Open messages; of these the late ones, which failed before or have been due for a while; and those given up."""
    open_ = sa.and_(Message.done_at.is_(None), Message.parked_at.is_(None))
    late = sa.and_(open_, sa.or_(Message.error.is_not(None), Message.due_at < now() - A_WHILE))
    parked = sa.and_(Message.done_at.is_(None), Message.parked_at.is_not(None))
    kinds = (open_, late, parked)
    row = db.session.execute(sa.select(*(sa.func.count().filter(kind) for kind in kinds)).select_from(Message)).one()
    return [(f'{{state="{name}"}}', count) for name, count in zip(("open", "late", "parked"), row, strict=True)]


def by_state(name: str, help_: str, states: Iterable[str], column: sa.SQLColumnExpression[str]) -> Iterable[str]:
    found = dict(db.session.execute(sa.select(column, sa.func.count()).group_by(column)).all())
    yield from gauge(name, help_, [(f'{{state="{state}"}}', found.get(state, 0)) for state in states])


def gauge(name: str, help_: str, values: Iterable[tuple[str, int]]) -> Iterable[str]:
    yield f"# HELP {name} {help_}.\n# TYPE {name} gauge\n"
    for labels, value in values:
        yield f"{name}{labels} {value}\n"


def plain(text: str) -> Response:
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
