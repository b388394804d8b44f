"""Both counters behave alike: what is handed over arrives, what does not work is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from marketplace.kit.db import transaction
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.notices.sms import FileSms, GatewaySms, Sms, sms
from marketplace.ports import Ports
from marketplace.settings import Settings


@dataclass
class Gateway:
    """A gateway on this machine."""

    url: str = ""
    status: int = 200
    heard: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.heard.append(json.loads(body))
            gateway.tokens.append(self.headers["Authorization"])
            self.send_response(gateway.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: numbers are nobody's business."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway.url = f"http://127.0.0.1:{server.server_port}/send"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield gateway
        server.shutdown()
        thread.join()


@pytest.fixture(params=["file", "gateway"])
def counter(request: pytest.FixtureRequest, tmp_path: Path, gateway: Gateway) -> Sms:
    return FileSms(tmp_path / "sms") if request.param == "file" else GatewaySms(gateway.url, "token")


def arrived(tmp_path: Path, gateway: Gateway) -> list[dict[str, Any]]:
    files = sorted((tmp_path / "sms").glob("*.json"))
    return [*gateway.heard, *(json.loads(file.read_text("utf-8")) for file in files)]


def test_a_message_arrives_with_the_number_as_the_world_writes_it(
    app: Flask, counter: Sms, tmp_path: Path, gateway: Gateway
) -> None:
    counter.send("phone-1", "09012345678", "確認番号 123456")
    assert arrived(tmp_path, gateway) == [{"key": "phone-1", "to": "+819012345678", "text": "確認番号 123456"}]


def test_nothing_is_sent_while_writing(app: Flask, counter: Sms) -> None:
    with transaction(), pytest.raises(AssertionError):
        counter.send("phone-1", "09012345678", "x")


@pytest.mark.parametrize(
    ("status", "trouble"), [(503, Unavailable), (429, Unavailable), (400, Rejected), (401, Rejected)]
)
def test_a_gateway_that_says_no_is_told_by_kind(
    app: Flask, gateway: Gateway, status: int, trouble: type[Exception]
) -> None:
    gateway.status = status
    with pytest.raises(trouble, match=f"^SMS gateway: {status}$"):
        GatewaySms(gateway.url, "token").send("phone-1", "09012345678", "x")
    assert gateway.tokens == ["Bearer token"]


def test_a_counter_that_is_not_there_is_unavailable(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "sms").write_text("no directory")
    for counter in (FileSms(tmp_path / "sms"), GatewaySms("http://127.0.0.1:9/", "")):
        with pytest.raises(Unavailable):
            counter.send("phone-1", "09012345678", "x")


def test_it_is_off_unless_the_settings_name_it(app: Flask, settings: Settings) -> None:
    assert sms() is None
    assert isinstance(Ports(settings.model_copy(update={"sms_url": "file:"})).sms, FileSms)
    assert isinstance(Ports(settings.model_copy(update={"sms_url": "https://sms.example.jp/"})).sms, GatewaySms)
