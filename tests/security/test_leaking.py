"""What was typed is shown as it was typed and runs nowhere; what is secret is shown nowhere. Page by page."""

from __future__ import annotations

import csv
import io
import logging
import traceback
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ipfs.errors import ReplicaUnreachable
from ipfs.rpc import KuboReplica
from marketplace.chain.node import Web3Node
from marketplace.chain.remote_signer import RemoteSigner
from marketplace.kit.db import db
from marketplace.kit.refusals import Unavailable
from marketplace.kit.tables import FORMULA
from marketplace.notices.mail import Letter, SmtpMail
from marketplace.notices.models import Notice
from marketplace.notices.sms import GatewaySms
from marketplace.ports import Ports
from marketplace.settings import Settings
from tests import given
from tests.security import world

TYPED = '=1+1"><img src=x onerror=a()>{{7777*7777}}'
RUN = (b"<img src=x", b"60481729")
"""What a page holds where the words were taken for markup, or for a template."""
SECRET = "6Xw1"
SECRETS = {
    "secret_key": f"{SECRET}-signs-all-the-sessions",
    "bid_key": f"{SECRET}-seals",
    "key_password": f"{SECRET}-unlocks",
    "stripe_secret_key": f"sk_test_{SECRET}",
    "stripe_webhook_secrets": f"whsec_{SECRET}",
    "smtp_url": f"smtp://town:{SECRET}@127.0.0.1:9",
    "chain_url": f"http://127.0.0.1:9/v3/{SECRET}",
    "signer_url": f"http://town:{SECRET}@127.0.0.1:9/{SECRET}",
    "ipfs_rpc_url": f"http://127.0.0.1:9/{SECRET}",
    "ipfs_rpc_token": f"{SECRET}-token",
    "sms_url": f"http://127.0.0.1:9/{SECRET}",
    "sms_token": f"{SECRET}-token",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(**{**settings.model_dump(), **SECRETS})


def cells(answer: TestResponse) -> Iterator[str]:
    for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))):
        yield from row


def faults(answer: TestResponse) -> Iterator[str]:
    data = answer.data
    if answer.mimetype in ("text/html", "application/atom+xml", "image/svg+xml"):
        yield from (f"runs {run!r}" for run in RUN if run in data)
    if answer.mimetype == "text/csv":
        yield from (f"formula {cell[:20]}" for cell in cells(answer) if cell.startswith(FORMULA) and "img" in cell)
    if SECRET.encode() in data or SECRET in str(answer.headers):
        yield "a secret"
    if any("\n" in value or "\r" in value for _, value in answer.headers):
        yield "a header in a header"


@pytest.mark.on_sqlite
def test_no_page_runs_what_was_typed_or_shows_what_is_secret(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    town = world.build(title_ja=TYPED, lead_ja=TYPED, body_ja=TYPED, picture_alt=TYPED, name=TYPED, nickname=TYPED[:40])
    given.signed_in(client, town.person)
    wrong, pages = {}, 0
    for line, path in town(client).items():
        if line.startswith("GET "):
            answer = client.get(path)
            pages += answer.status_code == 200
            if found := list(faults(answer)):
                wrong[line] = found
            answer.close()
    assert wrong == {}
    assert pages > 120
    letters = [f"{each.subject}\n{each.body}" for each in db.session.scalars(sa.select(Notice))]
    assert [letter for letter in letters if "60481729" in letter or SECRET in letter] == []
    assert [word for word in (SECRET, "chiyo@example.jp", TYPED) if word in caplog.text] == []


@pytest.mark.parametrize(
    "typed", ["'", "' OR 1=1 --", '" OR ""="', "%", "_", "\\", "1; DROP TABLE accounts", "{{7777*7777}}"]
)
def test_a_search_finds_what_was_typed_and_asks_nothing_else(client: FlaskClient, typed: str) -> None:
    given.a_listing()
    given.signed_in(client, given.staff("counter", "treasury"))
    for path in ("/staff/orders", "/listings", "/api/v1/listings", "/api/v1/tokens", "/market"):
        answer = client.get(path, query_string={"q": typed, "owner": typed, "state": typed, "kind": typed})
        assert (answer.status_code < 500, "60481729" in answer.text) == (True, False)
    assert client.get("/listings").status_code == 200


def test_a_failure_begins_no_line_of_its_own_in_the_log(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/testing/<path:what>")
    def fails(what: str) -> str:
        raise RuntimeError("on purpose")

    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    page = client.get("/testing/%0aERROR%20everything%20is%20lost")
    assert (page.status_code, "on purpose" in page.text) == (500, False)
    assert [record.getMessage() for record in caplog.records] == ["failure at GET /testing/<path:what>"]


CALLS: dict[str, Callable[[Settings], object]] = {
    "chain": lambda town: Web3Node(town.chain_url).head(),
    "signer": lambda town: RemoteSigner(town.signer_url, "0x" + "11" * 20)._ask("eth_signTransaction", {}),
    "ipfs": lambda town: KuboReplica(town.ipfs_rpc_url, token=SECRET).probe(),
    "sms": lambda town: GatewaySms(town.sms_url, SECRET).send("key", "09012345678", "hello"),
    "smtp": lambda town: SmtpMail(town.smtp_url, "town@example.jp").send(Letter("key", "a@example.jp", "題", "文\n")),
}


@pytest.mark.parametrize("who", CALLS)
def test_a_counter_that_nobody_answers_at_tells_no_key_however_much_is_logged(
    app: Flask, settings: Settings, who: str
) -> None:
    with pytest.raises((Unavailable, ReplicaUnreachable)) as trouble:
        CALLS[who](settings)
    assert SECRET not in "".join(traceback.format_exception(trouble.value)).replace(f'"{SECRET}"', "")


def test_no_counter_shows_its_key_when_it_is_printed(settings: Settings) -> None:
    ports = Ports(settings)
    shown = [ports, ports.node, ports.till, ports.mail, ports.sms, ports.ipfs_nodes, ports.beacon, settings]
    assert SECRET not in repr(shown)
