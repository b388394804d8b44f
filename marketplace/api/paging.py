"""Lists in pages. A cursor names the last row seen, so that rows which come or go meanwhile shift nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import request

from marketplace.kit.db import UTCDateTime, db
from marketplace.kit.refusals import Invalid

MOST, USUAL = 200, 50
EPOCH, MICROSECOND = datetime.fromtimestamp(0, UTC), timedelta(microseconds=1)


class BadCursor(Invalid):
    code = "bad_cursor"
    message = "cursor は、前のページの next をそのまま渡してください。"


class BadLimit(Invalid):
    code = "bad_limit"
    message = f"limit は1から{MOST}までの整数です。"


def limit() -> int:
    """The `limit` of this request."""
    text = request.args.get("limit", str(USUAL))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST):
        raise BadLimit(field="limit")
    return int(text)


def page(
    query: sa.Select[Any], keys: Sequence[sa.ColumnElement[Any] | Any], *, descending: bool = False
) -> tuple[list[Any], str | None]:
    """The rows of this request's page, and the cursor of the next one.

    Args:
        keys: columns of integers or moments that order the rows, no two alike.
    """
    size = limit()
    if seen := request.args.get("cursor"):
        place = sa.tuple_(*map(_literal, keys, opened(seen, len(keys))))
        query = query.where(sa.tuple_(*keys) < place if descending else sa.tuple_(*keys) > place)
    order = [key.desc() if descending else key.asc() for key in keys]
    rows = list(db.session.scalars(query.order_by(*order).limit(size + 1)).unique())
    if len(rows) <= size:
        return rows, None
    return rows[:size], sealed([_whole(getattr(rows[size - 1], str(key.key))) for key in keys])


def _whole(value: int | datetime) -> int:
    """A moment as the microseconds since 1970."""
    return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value


def _literal(key: sa.ColumnElement[Any] | Any, value: int) -> sa.ColumnElement[Any]:
    if not isinstance(key.type, UTCDateTime):
        return sa.literal(value, sa.BigInteger)
    try:
        return sa.literal(EPOCH + value * MICROSECOND, key.type)
    except OverflowError:
        raise BadCursor(field="cursor") from None


def sealed(values: Sequence[int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(values), separators=(",", ":")).encode()).decode().rstrip("=")


def opened(cursor: str, length: int) -> list[int]:
    """The values in a cursor. BadCursor for what we did not seal."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except ValueError:
        raise BadCursor(field="cursor") from None
    if not isinstance(values, list) or len(values) != length:
        raise BadCursor(field="cursor")
    if not all(type(value) is int and 0 <= value < 2**63 for value in values):
        raise BadCursor(field="cursor")
    return values
