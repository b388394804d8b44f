"""When the house is full: newcomers wait outside for a moment, and nobody who is inside loses anything."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from marketplace.kit import backpressure
from marketplace.supervising import gunicorn
from tests.local_chain import free_port
from tests.processes import eventually
from tests.town import ROOT

Answer = tuple[int, str | None, str]


def send(port: int, path: str, method: str = "GET", language: str = "") -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, headers={"Cookie": f"language={language}"} if language else {})
    return connection


def read(connection: http.client.HTTPConnection) -> Answer:
    """Status, Retry-After, body."""
    with closing(connection):
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After"), answer.read().decode()


def answers(port: int) -> bool:
    try:
        return read(send(port, "/"))[0] == 200
    except OSError:
        return False


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """gunicorn as the town runs it, with one thread in one process."""
    port = free_port()
    env = {**os.environ, "HOLD": str(tmp_path / "hold"), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, *gunicorn("tests.kit.crowded:app", port, 1, 1)], cwd=ROOT, env=env)
    try:
        assert eventually(lambda: answers(port))
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_newcomers_are_asked_to_come_again_and_who_is_inside_is_served(port: int, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    asked = [("/", "GET"), ("/", "GET"), ("/", "POST"), ("/orders/ORD-1", "GET"), ("/listings/LST-1/waiting", "GET")]
    slow = send(port, "/slow")
    assert eventually((tmp_path / "held").exists)
    others = [send(port, path, method) for path, method in asked]
    english, program = send(port, "/", language="en"), send(port, "/api/v1/listings")
    time.sleep(1)  # all of them wait, for longer than the patience of the application
    hold.unlink()
    assert read(slow) == (200, None, "done")
    found = [read(other) for other in others]
    turned_away = [(status, after) for status, after, _ in found[:2]]
    assert turned_away == [(503, "10")] * 2
    assert ["混み合っています" in body and "なくなっていません" in body for _, _, body in found[:2]] == [True, True]
    assert '<html lang="en"' in read(english)[2]
    status, after, body = read(program)
    assert (status, after, json.loads(body)["status"]) == (503, "10", 503)
    assert found[2:] == [(200, None, "here you are")] * 3
    assert read(send(port, "/")) == (200, None, "here you are")


@pytest.mark.parametrize(
    ("path", "is_inside"),
    [
        ("/", False),
        ("/listings", False),
        ("/listings/LST-1", False),
        ("/listings/LST-1/waiting", True),
        ("/listings/LST-1/bid", True),
        ("/orders/ORD-1/confirm", True),
        ("/staff", True),
        ("/static/css/base.css", True),
        ("/healthz", True),
    ],
)
def test_who_is_inside(path: str, is_inside: bool) -> None:
    assert backpressure.inside(path) is is_inside


def test_under_another_server_nobody_waits() -> None:
    assert backpressure.waited() == 0.0
