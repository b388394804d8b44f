"""Servers that only some towns have: asked where the settings name them, and told where they are silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.settings import Settings
from tests.apps import another
from tests.certificates import self_signed
from tests.databases import chosen
from tests.local_chain import free_port
from tests.lotteries.applied import a_lottery
from tests.operating.looked import changed, codes, codes_with, findings
from tests.operating.test_looking_here import PUBLIC
from tests.served import Answering, serving

NOT_LOCAL = {"database_url": "postgresql+psycopg://127.0.0.1:9/town"}


class Services(Answering):
    def do_POST(self) -> None:
        self.sent()
        body = b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601}}' if self.path == "/signer" else b"[]"
        self.answer(body=body)

    def do_HEAD(self) -> None:
        self.answer(405)


@pytest.fixture
def server() -> Iterator[str]:
    with serving(Services) as url:
        yield url


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_port()}"


def test_what_the_settings_do_not_name_is_well(app: Flask) -> None:
    assert {part: codes(part, deep=True) for part in ("queue", "beacon", "sms", "accounts")} == {
        "queue": [],
        "beacon": [],
        "sms": [],
        "accounts": [],
    }


class Open(Answering):
    def do_GET(self) -> None:
        self.answer(200 if self.path == "/healthz" else 404, b"ok")


class Busy(Answering):
    def do_GET(self) -> None:
        self.answer(503, b"busy")


ELSEWHERE = "127.0.0.2"
"""Of this machine too, but for the settings a site that others reach."""


@pytest.mark.parametrize(
    ("handler", "days", "wanted"),
    [(Open, 15, []), (Open, 13, ["site.certificate"]), (Open, 0, ["site.no_answer"]), (Busy, 15, ["site.no_answer"])],
)
def test_the_site_is_asked_as_visitors_reach_it(
    handler: type[Answering],
    days: int,
    wanted: list[str],
    app: Flask,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A certificate is told before its end, and at its end it lets nobody in."""
    certificate = self_signed(tmp_path, ELSEWHERE, timedelta(days=days, minutes=1 if days else -30))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(handler, ELSEWHERE, certificate) as url:
        public = {**PUBLIC, "base_url": url, "staff_passkeys": "optional"}
        assert codes_with(settings, "site", **public) == wanted


def test_a_site_that_is_not_there_is_told_and_one_of_this_machine_alone_is_not_asked(
    app: Flask, settings: Settings
) -> None:
    gone = {**PUBLIC, "base_url": f"https://{ELSEWHERE}:{free_port()}", "staff_passkeys": "optional"}
    assert (codes_with(settings, "site", **gone), codes("site")) == (["site.no_answer"], [])


def test_a_signing_service_is_well_when_it_answers_at_all(app: Flask, settings: Settings, server: str) -> None:
    assert codes_with(settings, "keys", signer_url=f"{server}/signer") == []
    assert codes_with(settings, "keys", signer_url=f"{server}/another") == ["keys.no_signer"]


def test_one_that_is_not_there_is_told_without_what_opens_it(app: Flask, settings: Settings, nobody: str) -> None:
    with another(changed(settings, signer_url=f"http://town:6Xw1@{nobody}/6Xw1")):
        (finding,) = findings("keys")
    assert (finding.fault.code, finding.seen) == ("keys.no_signer", {"why": "ConnectionError"})


def test_servers_of_the_queue_and_of_the_limits_are_told_by_their_setting(
    app: Flask, settings: Settings, nobody: str
) -> None:
    knobs = {"queue_url": f"postgresql://{nobody}/q", "limits_url": f"redis://:6Xw1@{nobody}/0", **NOT_LOCAL}
    with another(changed(settings, **knobs)):
        found = findings("queue")
    assert [(each.fault.code, each.seen["knob"]) for each in found] == [
        ("queue.no_answer", "QUEUE_URL"),
        ("queue.no_answer", "LIMITS_URL"),
    ]
    assert "6Xw1" not in "".join(each.what for each in found)


@pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: a file is no server that answers")
def test_a_queue_that_answers_is_well(app: Flask, settings: Settings) -> None:
    assert codes_with(settings, "queue", queue_url=settings.database_url) == []


def test_the_beacon_is_asked_when_a_draw_comes_near_or_somebody_looks_deep(
    app: Flask, settings: Settings, nobody: str
) -> None:
    with another(changed(settings, beacon_url=f"http://{nobody}")):
        draw_at = a_lottery(auction_rules={"draw": "drand"}).draw_at
        db.session.rollback()
        assert (codes("beacon"), codes("beacon", deep=True)) == ([], ["beacon.no_answer"])
        with pretending(draw_at - timedelta(hours=2)):
            assert codes("beacon") == ["beacon.no_answer"]


def test_what_was_in_the_way_of_the_beacon_stands_in_english_in_the_english_line(
    app: Flask, settings: Settings, nobody: str
) -> None:
    with another(changed(settings, beacon_url=f"http://{nobody}")):
        (finding,) = findings("beacon", deep=True)
        assert finding.what == f"the beacon of draws does not answer: {nobody}: not reachable (ConnectionError)"


def test_gateways_are_told_when_they_are_silent(app: Flask, settings: Settings, server: str, nobody: str) -> None:
    assert codes_with(settings, "sms", sms_url=f"{server}/sms", sms_token="t") == []
    assert codes_with(settings, "sms", sms_url=f"http://{nobody}/sms") == ["sms.no_answer"]
    provider: dict[str, Any] = {"oidc_client_id": "town", "oidc_client_secret": "secret"}
    assert codes_with(settings, "accounts", oidc_issuer=f"http://{nobody}", **provider) == ["accounts.no_answer"]
