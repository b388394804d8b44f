"""Both counters behave alike: what is handed over arrives, what does not work is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from marketplace.kit.db import transaction
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.notices.sms import FileSms, GatewaySms, Sms, sms
from marketplace.ports import Ports
from marketplace.settings import Settings
from tests.served import Answering, serving


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

    class Theirs(Answering):
        def do_POST(self) -> None:
            gateway.heard.append(json.loads(self.sent()))
            gateway.tokens.append(self.headers["Authorization"])
            self.answer(gateway.status)

    with serving(Theirs) as url:
        gateway.url = f"{url}/send"
        yield gateway


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
