"""What is written into logs, and what never is."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from textwrap import dedent
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.kit import logs
from marketplace.kit.db import transaction
from tests import given


def line(message: str, *args: object, exc_info: Any = None, **extra: object) -> dict[str, Any]:
    """One record as a collector reads it."""
    record = logging.LogRecord("marketplace.orders", logging.WARNING, __file__, 1, message, args, exc_info)
    record.__dict__.update(extra)
    found: dict[str, Any] = json.loads(logs.Json().format(record))
    return found


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("letter to hanako@example.jp failed", "letter to …@… failed"),
        ("<hanako.suzuki+1@mail.example.co.jp>", "<…@…>"),
        ("smtp://user:hush@mail.example.jp:587", "smtp://…@mail.example.jp:587"),
        ("key sk_live_51abcDEF and whsec_abcdef", "key sk_… and whsec_…"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("refused\nDETAIL:  Key (name)=(花子) already exists.\nmore", "refused\nDETAIL: …\nmore"),
        ("order ORD-7K3M9QXA waits", "order ORD-7K3M9QXA waits"),
    ],
)
def test_addresses_and_secrets_do_not_get_through(said: str, written: str) -> None:
    record = logging.LogRecord("a", logging.INFO, __file__, 1, "%s", (said,), None)
    assert logs.Text().format(record) == f"INFO a: {written}"
    assert line("%s", said)["message"] == written


def test_a_line_carries_what_is_being_done() -> None:
    with logs.about(request="abc", order_id=7):
        with logs.about(outbox=3):
            inner = line("%d done", 1)
        outer = line("done", about={"ms": 5})
    keys = ("level", "logger", "message", "request", "order_id", "outbox", "ms")
    assert [inner.get(key) for key in keys] == ["WARNING", "marketplace.orders", "1 done", "abc", 7, 3, None]
    assert [outer.get(key) for key in keys] == ["WARNING", "marketplace.orders", "done", "abc", 7, None, 5]
    assert "request" not in line("afterwards")


def test_of_a_fact_only_things_are_named() -> None:
    fact = {"order_id": 7, "account_id": 8, "code": "ORD-7K3M9QXA", "by": "ACC-7K3M9QXA", "name": "花子", "sure": True}
    assert logs.codes_in(fact) == {"order_id": 7, "code": "ORD-7K3M9QXA"}


def test_an_error_of_the_database_shows_no_values(app: Flask) -> None:
    person = {"email": "hanako@example.jp", "code": "ACC-1", "name": "秘密野 花子"}
    given.an_account(person["email"])
    try:
        with transaction() as session:
            session.execute(sa.insert(Account).values(**person))
    except sa.exc.DBAPIError:
        written = line("failed", exc_info=sys.exc_info())
    assert written["error"] == "IntegrityError"
    assert [word for word in ("hanako", "秘密野", "ACC-1") if word in str(written)] == []


def test_what_goes_well_in_a_library_is_not_told_at_each_call() -> None:
    code = """
        import logging
        from marketplace.kit import logs
        logs.write("text")
        for name in ("stripe", "huey", "marketplace.orders"):
            logging.getLogger(name).info("it went well")
            logging.getLogger(name).warning("it did not")
    """
    run = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=True)
    assert run.stderr.splitlines() == [
        "WARNING stripe: it did not",
        "WARNING huey: it did not",
        "INFO marketplace.orders: it went well",
        "WARNING marketplace.orders: it did not",
    ]
