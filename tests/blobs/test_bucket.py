"""A bucket that refuses, is slow, lies, or is not there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask
from pydantic import SecretStr

from marketplace.blobs import bucket as buckets
from marketplace.blobs.bucket import Bucket
from marketplace.blobs.signing import Signer
from marketplace.blobs.store import NoRoom
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.refusals import Unavailable
from tests.local_bucket import KEY_ID, SECRET, LocalBucket
from tests.local_chain import free_port

KEY = f"pictures/{'a' * 64}-{'0' * 16}"


def opened(
    url: str, name: str = "town", *, key_id: str = KEY_ID, secret: str = SECRET, timeout_s: float = 60
) -> Bucket:
    return Bucket(url, name, Signer(key_id, SecretStr(secret), "us-east-1"), timeout_s)


class Odd(ThreadingHTTPServer):
    """Answers with what stands in the key: <status>, and a body."""

    asked: ClassVar[list[str]] = []
    body: ClassVar[bytes] = b""

    connections: ClassVar[list[int]] = []
    """How many of the database were in use at each request."""
    pool: ClassVar[sa.QueuePool]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        Odd.asked.append(self.path)
        Odd.connections.append(Odd.pool.checkedout())
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(int(self.path.rpartition("/")[2].partition("?")[0]))
        self.send_header("Location", "/town/200")
        self.send_header("Content-Length", str(len(Odd.body)))
        self.end_headers()
        self.wfile.write(Odd.body)

    do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def odd(app: Flask) -> Iterator[Bucket]:
    Odd.asked.clear()
    Odd.connections.clear()
    assert isinstance(db.engine.pool, sa.QueuePool)
    Odd.pool = db.engine.pool
    with Odd(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield opened(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("knobs", [{"secret": "guessed"}, {"key_id": "somebody"}])
def test_whoever_lacks_the_key_gets_and_puts_nothing(app: Flask, bucket: LocalBucket, knobs: dict[str, Any]) -> None:
    bucket.write(KEY, b"private")
    stranger = opened(bucket.url, bucket.directory.name, **knobs)
    for act in (lambda: stranger.get(KEY, 7), lambda: stranger.put(KEY, b"x"), lambda: stranger.delete(KEY)):
        with pytest.raises(Unavailable, match="S3: 403 "):
            act()
    assert (bucket.directory / KEY).read_bytes() == b"private"
    assert not stranger.is_open_to_strangers(KEY)


def test_a_bucket_that_is_not_there_is_trouble_and_no_missing_picture(app: Flask, bucket: LocalBucket) -> None:
    nowhere = opened(bucket.url, "nowhere")
    for act in (lambda: nowhere.get(KEY, 7), lambda: nowhere.put(KEY, b"x"), nowhere.greet):
        with pytest.raises(Unavailable, match="S3: 404 NoSuchBucket"):
            act()


def test_one_that_sends_us_elsewhere_is_not_followed(odd: Bucket) -> None:
    for status in (301, 302, 303, 307, 308):
        with pytest.raises(Unavailable, match=f"S3: {status}"):
            odd.get(str(status), 7)
    assert Odd.asked == [f"/town/{status}" for status in (301, 302, 303, 307, 308)]


def test_what_it_says_is_told_by_its_code_alone(odd: Bucket) -> None:
    Odd.body = b"<Error><Code>SlowDown</Code><Message>chiyo@example.jp</Message></Error>"
    with pytest.raises(Unavailable) as trouble:
        odd.get("503", 7)
    assert str(trouble.value) == "S3: 503 SlowDown"
    Odd.body = b"<Error><Code>QuotaExceeded</Code></Error>"
    with pytest.raises(NoRoom):
        odd.put("403", b"x")
    Odd.body = b"not a list"
    with pytest.raises(Unavailable, match="a list that is none"):
        list(opened(odd.base.removesuffix("/town"), "200").older(now()))


def test_while_it_is_asked_no_snapshot_of_the_database_is_open(odd: Bucket) -> None:
    for ask in (lambda: odd.get("200", 1), lambda: odd.put("200", b"x"), lambda: odd.delete("200")):
        db.session.execute(sa.select(sa.literal(1)))
        assert Odd.pool.checkedout() == 1
        ask()
    assert Odd.connections == [0, 0, 0]


def test_no_more_is_read_than_was_kept_and_one_byte(odd: Bucket) -> None:
    Odd.body = b"x" * 1_000_000
    assert len(odd.get("200", 70_000)) == 70_001


def test_who_does_not_answer_holds_up_one_and_the_others_are_told_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "PAUSE_S", 600.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = opened(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.3)
        with pytest.raises(Unavailable, match="Timeout"):
            slow.get(KEY, 7)
        for _ in range(20):
            with pytest.raises(Unavailable, match="a moment ago"):
                slow.get(KEY, 7)


def test_one_that_is_back_is_asked_again(app: Flask, bucket: LocalBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "PAUSE_S", 0.0)
    bucket.write(KEY, b"there")
    found = opened(f"http://127.0.0.1:{free_port()}", bucket.directory.name)
    with pytest.raises(Unavailable, match="ConnectionError"):
        found.get(KEY, 5)
    found.base = f"{bucket.url}/{bucket.directory.name}"
    assert found.get(KEY, 5) == b"there"


def test_one_that_trickles_is_given_up(app: Flask, odd: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "AS_A_WHOLE", -1)
    Odd.body = b"x"
    with pytest.raises(Unavailable, match="TimeoutError"):
        odd.get("200", 7)
