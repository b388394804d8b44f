"""Whatever is typed into an address, a question or a form, the answer is a page or a refusal, never a failure.

Each value has broken some site: a NUL that PostgreSQL can't keep, numbers and years that no column holds, digits that
int() knows and a database does not, half a letter, markup, the beginning of another header.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from flask import Flask, got_request_exception
from flask.testing import FlaskClient

from marketplace.settings import Settings
from tests import given
from tests.access.addresses import PARAMETER, filled, rules
from tests.security import world

VALUES = (
    "'\"--\x00",
    "9223372036854775808",
    "0001-01-01T00:00",
    "{{7*7}}<script>alert(1)</script>\r\nBcc: x@example.com",
    "2147483648",
    "²",
    "9999-12",
    "9" * 30,
    "あ" * 130,
    "1e400",
)
IN_ADDRESSES = (*map(quote, VALUES[:2]), "%ED%A0%80", *map(quote, VALUES[3:5]), "%2e%2e%2f", "9" * 30, "%00")
BODIES: tuple[object, ...] = (
    *(None, [], "text", 1, {}, {"ref": 1, "use": [], "pass": {}, "entries": 7}),
    {"ref": "\x00" * 32, "pass": "\x00", "number": "\ud800", "key": "\ud800", "entries": [None]},
)
AS_JSON = ("/counter/", "/passes/", "/passkey")
EACH = len(VALUES) if os.environ.get("HOSTILE") == "all" else 1
"""How many of the values each address meets; the next address meets the next ones. HOSTILE=all tries all at each."""
PARTS = re.compile(r"(<[^>]+>)")
LEAVING = ("sign-out", "signout", "/delete", "/devices/")
"""Whoever leaves, meets nothing any more."""
FAILED = {500, 501, 502, 504}


@pytest.fixture
def tries(app: Flask, settings: Settings) -> Iterator[Callable[..., None]]:
    """Ask for an address; what fails is remembered, and told at the end of the test."""
    failed: dict[str, list[str]] = {}
    errors: list[str] = []
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    app.testing = False
    logging.disable(logging.ERROR)

    def remember(_app: Flask, exception: BaseException, **_more: object) -> None:
        errors.append(f"{type(exception).__name__}: {exception}"[:200])

    got_request_exception.connect(remember, app)

    def ask(client: FlaskClient, line: str, path: str, **more: object) -> None:
        app.extensions["hiroba.limits"].seen.clear()
        with client.open(path, method=line.partition(" ")[0], **more) as answer:  # type: ignore[arg-type]
            if answer.status_code in FAILED:
                failed.setdefault(line, []).append(f"{str(more or path)[:80]}: {errors[-1:]}")

    yield ask
    logging.disable(logging.NOTSET)
    assert failed == {}


def some(values: tuple[str, ...], number: int) -> list[str]:
    return [values[(number * EACH + each) % len(values)] for each in range(min(EACH, len(values)))]


def test_in_an_address(app: Flask, tries: Callable[..., None]) -> None:
    client = given.signed_in(app.test_client(), world.build().person)
    for index, (line, rule) in enumerate(rules(app)):
        for value in some(IN_ADDRESSES, index) if PARAMETER.search(rule.rule) else ():
            tries(client, line, "".join(put(part, value) for part in PARTS.split(rule.rule)))


def put(part: str, value: str) -> str:
    """The value in the place of a parameter that can be such a one; something harmless in that of the others."""
    if not part.startswith("<"):
        return part
    kind = part.strip("<>").rpartition(":")[0]
    return value if kind in ("", "string", "path") or (kind == "int" and value.isdigit()) else filled(part)


def test_in_a_question_or_a_form(app: Flask, tries: Callable[..., None]) -> None:
    town = world.build()
    client = given.signed_in(app.test_client(), town.person)
    names = world.asked_for()
    for index, (line, path) in enumerate(town(client).items()):
        if any(word in path for word in LEAVING):
            continue
        for value in some(VALUES, index):
            if line.startswith("GET "):
                tries(client, line, path, query_string={name: value[:40] for name in names if name != "format"})
            else:
                tries(client, line, path, data=dict.fromkeys(names, value))
        if line.startswith("POST ") and any(word in path for word in AS_JSON):
            for body in BODIES:
                tries(client, line, path, data=json.dumps(body), content_type="application/json")
