"""Lines that those who run the machine read: with codes by which a thing is found again, and without personal data.

What is being done right now is known to every line that is written meanwhile: see about(). Whatever a library puts into
an error, addresses and secrets do not get through; names cannot be told from other words, so nobody may log one.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

Format = Literal["text", "json"]

_about: ContextVar[Mapping[str, str | int]] = ContextVar("about", default={})  # noqa: B039 -- it is never changed

trail = logging.getLogger("marketplace.trail")
"""One line for each thing that went well: requests, promises kept. Silent unless a collector reads (json)."""
trail.setLevel(logging.WARNING)

CODE = re.compile(r"\b(?!ACC-)[A-Z]{2,3}-[2-9A-HJ-NP-Z]{6,10}\b")
"""Public codes of things (kit/codes.py); that of an account stands for a person, and is not logged."""
THINGS = {
    *("order_id", "listing_id", "payment_id", "refund_id", "token_id", "right_id", "auction_id", "lottery_id"),
    *("notice_id", "pin_id", "offer_id", "withdrawal_id", "gift_id"),
}
"""Rows that are no person."""
HIDDEN = (
    (re.compile(r"(://)[^\s/@]*:[^\s/@]*@"), r"\1…@"),
    (re.compile(r"[^\s@:/<>\"'(),=…]+@[^\s@:/<>\"'(),]+\.[A-Za-z]{2,}"), "…@…"),
    (re.compile(r"\b(sk|rk|pk|whsec)_[A-Za-z0-9_]{4,}"), r"\1_…"),
    (re.compile(r"(?i)\bbearer\s+\S+"), "Bearer …"),
    (re.compile(r"(?m)^\s*DETAIL:.*$"), "DETAIL: …"),  # PostgreSQL shows there the values that a rule refused
)


def scrubbed(text: str) -> str:
    """`text` without what must not stand in a log."""
    for pattern, instead in HIDDEN:
        text = pattern.sub(instead, text)
    return text


@contextmanager
def about(**known: str | int) -> Iterator[None]:
    """Every line that is written in this block, in this thread, carries these."""
    before = _about.set({**_about.get(), **known})
    try:
        yield
    finally:
        _about.reset(before)


def begin(**known: str | int) -> None:
    """From now on in this thread, until the next begin(): for who cannot hold a block open."""
    _about.set(known)


def known() -> Mapping[str, str | int]:
    """What lines carry right now."""
    return _about.get()


def codes_in(values: Mapping[str, Any]) -> dict[str, str | int]:
    """Of `values` the public codes, and the numbers of THINGS: what may be logged of a fact or of an address."""
    return {
        name: value
        for name, value in values.items()
        if (name in THINGS and isinstance(value, int)) or (isinstance(value, str) and CODE.fullmatch(value))
    }


class Text(logging.Formatter):
    """LEVEL name: message, for a person at a terminal."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record))


class Json(logging.Formatter):
    """One object on each line: at (UTC), level, logger, message, what it is about; error and trace where it failed."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": scrubbed(record.getMessage()),
            **_about.get(),
            **getattr(record, "about", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = scrubbed("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(line, ensure_ascii=False, default=str)


def write(form: Format, level: int = logging.INFO) -> None:
    """Write all logs of this process to stderr in one form, gunicorn's own too. Call it once, at the start."""
    formatter = Json() if form == "json" else Text()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler])
    trail.setLevel(logging.INFO if form == "json" else logging.WARNING)
    for muttering in ("stripe", "huey"):  # at each call and each ring, that it went well
        logging.getLogger(muttering).setLevel(logging.WARNING)
    for theirs in logging.getLogger("gunicorn.error").handlers:
        theirs.setFormatter(formatter)
