"""The process: its memory outlives it, its door is on this machine only."""

import http.client
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

from tests.devstripe.shop import session, url_of
from tests.local_stripe import LocalStripe, running


def test_a_killed_server_remembers(tmp_path: Path) -> None:
    with running("--data", str(tmp_path / "stripe.db")) as server:
        made = session(server.client(), key="kept")
        server.pay(url_of(made))
        server.sim("advance", seconds=100_000)
        now = server.sim("clock")["now"]
        server.process.send_signal(signal.SIGKILL)
    with running("--data", str(tmp_path / "stripe.db")) as server:
        seen = server.client().checkout.sessions.retrieve(made.id)
        assert (seen.status, seen.payment_status) == ("complete", "paid")
        assert now <= server.sim("clock")["now"] <= now + 60


def test_it_stops_when_told(tmp_path: Path) -> None:
    with running("--data", str(tmp_path / "stripe.db")) as server:
        server.process.terminate()
        assert server.process.wait(timeout=20) == 0


def test_it_listens_on_the_loopback_address_only(stripe: LocalStripe) -> None:
    port = urlsplit(stripe.base_url).port or 0
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    assert listening == {f"{socket.inet_aton('127.0.0.1')[::-1].hex().upper()}:{port:04X}"}


def test_connections_are_kept_alive(stripe: LocalStripe) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(stripe.base_url).port, timeout=10)
    for _ in range(2):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"ok": true}')
        assert connection.sock is not None
    connection.close()
