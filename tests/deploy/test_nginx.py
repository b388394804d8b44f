"""nginx with the files of deploy/: what it keeps for strangers, what it never keeps, what it says when all is lost."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.local_chain import free_port
from tests.processes import eventually
from tests.town import ROOT

FILES = ROOT / "deploy" / "nginx"


FORM = (
    b'<form method="post"><input name="csrf_token" value="seal"><input name="q" value="what was typed"></form>\n' * 20
)


class Numbering(BaseHTTPRequestHandler):
    """Each answer is another number. /private is for one reader, all else for everybody, for a second."""

    protocol_version = "HTTP/1.1"
    numbers = count(1)

    def do_GET(self) -> None:
        body = FORM if self.path == "/form" else str(next(self.numbers)).encode()
        if self.path == "/request":
            body = self.headers["X-Request-ID"].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        scope = "private, no-store" if self.path == "/private" else "public, max-age=1"
        self.send_header("Cache-Control", scope)
        self.send_header("Vary", "Cookie, HX-Request")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Behind(ThreadingHTTPServer):
    """`kept`: connections that nginx holds open."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Numbering)
        self.kept: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.kept.append(connection)
        return connection, address

    def lose(self) -> None:
        """Nobody listens, and nobody answers where somebody did."""
        self.shutdown()
        self.server_close()
        for connection in self.kept:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@dataclass
class Front:
    """nginx, and behind it what answers for the web processes; at the port of the second of them nobody listens."""

    port: int
    behind: Behind
    second: int

    here: str = "127.0.0.1"

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, str | None, str]:
        """Status, Retry-After, body."""
        anybody = ssl._create_unverified_context()  # noqa: S323 -- the certificate was made a moment ago
        connection = http.client.HTTPSConnection(self.here, self.port, timeout=30, context=anybody)
        try:
            connection.request(method, path, body or None, {name.replace("_", "-"): v for name, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Retry-After"), answer.read().decode()
        finally:
            connection.close()

    def number(self, path: str, **headers: str) -> int:
        return int(self.ask(path, "GET", b"", **headers)[2])


def knows_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def written(folder: Path, port: int, behind: int, second: int) -> list[str]:
    """The files of deploy/ where this test may use them; the command that reads them."""
    nginx, openssl = shutil.which("nginx"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("nginx: nginx or openssl is not on PATH")
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=hiroba.example.jp", "-days", "1"]
    names = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run([*made, *names], check=True, capture_output=True)
    (folder / "hiroba").symlink_to(FILES)  # the name of a checkout may have blanks
    moved = {
        "/etc/letsencrypt/live/hiroba.example.jp": str(folder),
        "/etc/nginx/hiroba": str(folder / "hiroba"),
        "/var/cache/nginx/hiroba": str(folder / "cache"),
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen [::]:80;": f"listen [::1]:{free_port()};" if knows_ipv6() else "",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "listen [::]:443 ssl http2;": f"listen [::1]:{port} ssl http2;" if knows_ipv6() else "",
        "127.0.0.1:8000": f"127.0.0.1:{behind}",
        "127.0.0.1:8001": f"127.0.0.1:{second}",
    }
    texts = {name: (FILES / f"{name}.conf").read_text("utf-8") for name in ("hiroba", "upstream")}
    for old, new in moved.items():
        assert old in "".join(texts.values()), old
        texts = {name: text.replace(old, new) for name, text in texts.items()}
    for name, text in texts.items():
        (folder / f"{name}.conf").write_text(text, "utf-8")
    kinds = ("proxy", "fastcgi", "uwsgi", "scgi")
    me = "user root; " if os.geteuid() == 0 else ""  # else its workers are nobody, who may not look into the folder
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    # `gzip on`: as in Debian's own nginx.conf, which includes ours.
    (folder / "nginx.conf").write_text(
        f"{me}daemon off; pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; gzip on; {temporary}"
        f" client_body_temp_path {folder}/body; include {folder}/upstream.conf; include {folder}/hiroba.conf; }}",
        "utf-8",
    )
    return [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    behind = Behind()
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    found = Front(free_port(), behind, free_port())
    with subprocess.Popen(
        written(tmp_path, found.port, behind.server_port, found.second),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:

        def answers() -> bool:
            try:
                return found.ask("/ready")[0] == 200
            except OSError:
                return False

        try:
            assert eventually(answers)
            yield found
        finally:
            process.terminate()
            behind.lose()


def test_nginx_takes_its_files(tmp_path: Path) -> None:
    command = [*written(tmp_path, free_port(), free_port(), free_port()), "-t", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_telephone_that_has_ipv6_alone_is_answered(front: Front) -> None:
    if not knows_ipv6():
        pytest.skip("IPv6: this machine has none")
    front.here = "::1"
    assert front.ask("/listings")[0] == 200


def test_strangers_share_a_page_while_it_is_good_and_nobody_gets_it_after(front: Front) -> None:
    first = front.number("/listings")
    assert front.number("/listings") == first
    assert front.number("/listings", HX_Request="true") != first
    quiet_until = time.monotonic() + 2.1  # its second is over, by nginx's clock, which knows whole ones
    assert eventually(lambda: time.monotonic() > quiet_until)
    assert front.number("/listings") > first


@pytest.mark.parametrize(
    "ask",
    [("/private", {}), ("/own", {"Cookie": "hiroba=x"}), ("/own", {"Authorization": "Bearer x"}), ("/webhooks/x", {})],
)
def test_what_is_for_one_reader_is_asked_for_each_time(front: Front, ask: tuple[str, dict[str, str]]) -> None:
    path, headers = ask
    assert len({front.number(path, **headers) for _ in range(3)}) == 3


@pytest.mark.parametrize("path", ["/webhooks/stripe", "/listings/LST-1/order"])
def test_while_one_web_is_started_anew_the_other_gets_what_is_posted_once(front: Front, path: str) -> None:
    answers = [front.ask(path, "POST", b"a=1") for _ in range(8)]
    first = int(answers[0][2])
    assert answers == [(200, None, str(number)) for number in range(first, first + 8)]


def test_the_number_of_a_request_is_no_visitors_to_choose(front: Front) -> None:
    """By it a purchase is found again in the logs."""
    numbers = {front.ask("/request", Cookie="hiroba=x", X_Request_ID="chosen-by-me")[2] for _ in range(2)}
    assert [re.fullmatch("[0-9a-f]{32}", number) is not None for number in numbers] == [True, True]


def test_no_page_travels_compressed(front: Front) -> None:
    """Its size would tell of the seal of its forms: see kit/compression.py."""
    assert front.ask("/form", Accept_Encoding="gzip")[2] == FORM.decode()


def test_who_has_just_come_back_is_asked_as_soon_as_the_other_goes(front: Front) -> None:
    """As deploy/roll starts them anew, one after the other."""
    assert {front.ask(f"/before/{number}")[0] for number in range(8)} == {200}
    second = Behind(front.second)
    threading.Thread(target=second.serve_forever, daemon=True).start()
    try:
        front.behind.lose()
        assert {front.ask(f"/after/{number}")[0] for number in range(8)} == {200}
    finally:
        second.lose()


@pytest.mark.parametrize(
    ("path", "method", "reloads"),
    [
        ("/listings", "GET", True),
        ("/listings/LST-1/order", "POST", False),  # which is no page
        ("/webhooks/stripe", "POST", False),
    ],
)
def test_while_nobody_answers_it_says_so_politely_and_when_to_come_again(
    front: Front, path: str, method: str, reloads: bool
) -> None:
    front.behind.lose()
    status, again, page = front.ask(path, method, b"a=1" if method == "POST" else b"")
    assert (status, again, "お申し込み、取り置きの記録は、なくなっていません。" in page) == (503, "10", True)
    assert ('http-equiv="refresh"' in page, 'href="/mypage"' in page) == (reloads, not reloads)


def test_too_large_a_file_is_told_in_words(front: Front) -> None:
    status, _again, page = front.ask("/staff/listings/new", "POST", b"x" * (12 * 1024 * 1024 + 1))
    assert (status, "ファイルが大きすぎます" in page) == (413, True)
