"""What every other test relies on."""

import gc
import json
import logging
import re
import socket
import sqlite3
import struct
import threading
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask, Response, g
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from marketplace.accounts.models import Account
from marketplace.accounts.second_person import reason
from marketplace.chain.register import address_of
from marketplace.kit.db import db, get, transaction
from marketplace.kit.sheets import Sheet, run_one
from marketplace.outbox.keeping import drain
from marketplace.outbox.promising import say
from marketplace.settings import Settings
from tests import conftest
from tests.apps import another
from tests.choosing import starts_programs
from tests.databases import chosen
from tests.faults import FAULTS
from tests.outbox.hearing import hearing
from tests.visiting import visiting

PAGE = "<!doctype html><html lang=ja><link rel=icon href=data:,>"
EPOCH = datetime(2026, 4, 1, tzinfo=UTC)


def open_account(email: str) -> None:
    with transaction() as session:
        session.add(Account(email=email, created_at=EPOCH))


def serve(app: Flask, path: str, text: str, kind: str = "html", policy: str = "", status: int = 200) -> None:
    def view() -> Response:
        headers = {"Content-Security-Policy": policy} if policy else {}
        return Response(text, status, headers, content_type=f"text/{kind}; charset=utf-8")

    app.add_url_rule(f"/testing/{path}", endpoint=f"testing.{path}", view_func=view)


def emails() -> list[str]:
    return list(db.session.scalars(sa.select(Account.email).order_by(Account.email)))


def ways(addresses: Map, rules: list[Rule]) -> list[object]:
    """Where the addresses lead to which these rules belong, a 7 in each gap; HTTPException's class where no 7 fits."""

    def way(path: str, method: str) -> object:
        try:
            return addresses.bind("localhost").match(path, method)
        except HTTPException as error:
            return type(error)

    return [way(re.sub("<[^>]*>", "7", rule.rule), max(rule.methods or ())) for rule in rules]


def test_remembered_addresses_lead_where_those_of_an_application_alone_would(app: Flask) -> None:
    rules = list(app.url_map.iter_rules())
    alone = Map([rule.empty() for rule in rules], converters=app.url_map.converters)
    assert ways(app.url_map, rules) == ways(alone, rules)


def test_an_address_that_one_application_has_more_is_no_other_ones(app: Flask) -> None:
    serve(app, "here", "ここです")
    with another(app.extensions["hiroba.settings"]) as other:
        assert (app.test_client().get("/testing/here").text, other.test_client().get("/testing/here").status_code) == (
            "ここです",
            404,
        )


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_a_database_of_its_own_of_the_chosen_kind(app: Flask, turn: str) -> None:
    open_account(f"{turn}@example.jp")
    assert (db.engine.dialect.name, emails()) == (chosen(), [f"{turn}@example.jp"])


def test_what_a_request_commits_is_seen_by_the_test_at_once(app: Flask, client: FlaskClient) -> None:
    def view() -> str:
        open_account("a@example.jp")
        return ""

    app.add_url_rule("/testing/open", view_func=view)
    before = emails()
    client.get("/testing/open")
    assert (before, emails()) == ([], ["a@example.jp"])


def test_a_request_knows_nothing_of_the_request_before_it(app: Flask, client: FlaskClient) -> None:
    def visit() -> str:
        g.visits = g.get("visits", 0) + 1
        return str(g.visits)

    app.add_url_rule("/testing/visit", view_func=visit)
    assert [client.get("/testing/visit").text, client.get("/testing/visit").text] == ["1", "1"]


def test_the_live_server_is_on_the_address_that_the_settings_name(app: Flask, live_server: str) -> None:
    serve(app, "here", "ここです")
    with urllib.request.urlopen(f"{live_server}/testing/here") as answer:
        assert (answer.read().decode(), live_server) == ("ここです", app.extensions["hiroba.settings"].base_url)


@pytest.mark.browser
def test_a_tab_is_a_visitor_in_japan(app: Flask, page: Page) -> None:
    serve(app, "page", f"{PAGE}<title>ひろば</title>")
    page.goto("/testing/page")
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert (page.title(), page.evaluate("navigator.language"), zone) == ("ひろば", "ja-JP", "Asia/Tokyo")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>1</script>", "inline script"),
        ("<img src=/testing/none.png alt=''>", "404 http"),
        ("<script src=/testing/wrong.js></script>", "wrong on purpose"),
        ("<script src=https://cdn.example/x.js></script>", "outside: https"),
    ],
)
def test_a_page_that_misbehaves_fails_its_test(
    app: Flask, browser: Browser, live_server: str, body: str, complaint: str
) -> None:
    serve(app, "page", PAGE + body, policy="default-src 'self' https: data:")
    serve(app, "wrong.js", "throw new Error('wrong on purpose')", kind="javascript")
    serve(app, "none.png", "", status=404)
    with pytest.raises(AssertionError, match=complaint), visiting(browser, live_server) as page:
        page.goto("/testing/page")


def test_the_port_stays_ours_while_nobody_serves_it(listening: socket.socket) -> None:
    with pytest.raises(OSError, match="in use"):
        socket.create_server(listening.getsockname()).close()


def test_what_starts_programs_is_run_before_what_does_not(request: pytest.FixtureRequest) -> None:
    order = [starts_programs(item) for item in request.session.items]
    assert order == sorted(order, reverse=True)


@pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: on SQLite all is run")
def test_what_is_seen_through_a_browser_is_run_on_postgresql_where_it_is_marked(
    request: pytest.FixtureRequest,
) -> None:
    """And what meets no database is not run there at all."""
    seen = [item for item in request.session.items if item.get_closest_marker("browser")]
    assert [item.nodeid for item in seen if not item.get_closest_marker("on_both")] == []
    assert [item.nodeid for item in request.session.items if item.get_closest_marker("on_sqlite")] == []
    assert [item.nodeid for item in request.session.items if "databases" not in item.fixturenames] == []  # type: ignore[attr-defined]


def test_a_browser_that_hangs_up_leaves_no_file_open(live_server: str) -> None:
    port = urlsplit(live_server).port
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as browser:
            browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            browser.sendall(b"GET /static/js/wallet.js HTTP/1.0\r\n\r\n")
            browser.recv(1)
    urllib.request.urlopen(f"{live_server}/healthz").close()
    gc.collect()


def promised(act: Callable[[], object]) -> None:
    with hearing("tea.ready", act):
        with transaction():
            say("tea.ready", key="monday")
        drain()


def on_a_sheet(act: Callable[[], object]) -> None:
    run_one(Sheet("tea", 60.0, act))


@pytest.mark.parametrize("outlived", [promised, on_a_sheet])
def test_a_fault_that_a_promise_or_a_sheet_outlives_fails_its_test(
    app: Flask, outlived: Callable[[Callable[[], object]], None]
) -> None:
    this = conftest.pytest_runtest_call()
    next(this)
    outlived({}.popitem)
    with pytest.raises(pytest.fail.Exception, match="KeyError"):
        this.send(None)
    FAULTS.tell()  # once


def test_a_thread_that_an_earlier_test_left_behind_fails_no_other_one() -> None:
    def trip(go: threading.Event) -> None:
        go.wait(20)
        try:
            json.loads("{")
        except ValueError:
            logging.getLogger("marketplace").exception("late")

    told = []
    for of_an_earlier_test in (False, True):
        thread = threading.Thread(target=trip, args=(go := threading.Event(),))
        thread.start()
        if of_an_earlier_test:
            FAULTS.begin()
        go.set()
        thread.join()
        told.append(FAULTS.take())
    assert told == [["late"], []]


def test_what_the_test_itself_raises_and_what_the_house_says_no_with_is_no_fault(app: Flask) -> None:
    def spill() -> None:
        raise KeyError("cup")

    def around() -> None:
        try:
            spill()
        except KeyError:
            get(Account, 0)

    for act in (spill, around, partial(address_of, "ResaleMarket"), partial(reason, "", "why")):
        on_a_sheet(act)
    FAULTS.tell()


def test_a_connection_that_a_thread_gives_back_after_the_end_is_closed(settings: Settings) -> None:
    with another(settings):
        late = db.engine.connect()
        kept = late.connection.dbapi_connection
        assert late.execute(sa.select(1)).scalar_one() == 1
    late.close()
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        kept.execute("SELECT 1")  # type: ignore[union-attr]
