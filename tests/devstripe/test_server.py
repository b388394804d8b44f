"""The process: its memory outlives it, its door is on this machine only."""

import http.client
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import listening
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
    assert listening.addresses(urlsplit(stripe.base_url).port or 0) == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("strange", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:12111"}, 200),
        ({"Host": "rebound.example.com"}, 403),
        ({"Host": "127.0.0.1.example.com:80"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_web_page_from_elsewhere_plays_no_bank(stripe: LocalStripe, strange: dict[str, str], status: int) -> None:
    """Neither under a name that its owner lets point to 127.0.0.1, nor by a form that it sends across."""
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(stripe.base_url).port, timeout=10)
    connection.request("POST", "/_sim/clock", "{}", {"Content-Type": "text/plain", **strange})
    assert connection.getresponse().status == status
    connection.close()


def test_its_own_pages_may_send_their_forms(stripe: LocalStripe) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(stripe.base_url).port, timeout=10)
    connection.request("POST", "/_sim/clock", "{}", {"Origin": stripe.base_url})
    assert connection.getresponse().status == 200
    connection.close()


def test_connections_are_kept_alive(stripe: LocalStripe) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(stripe.base_url).port, timeout=10)
    for _ in range(2):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"ok": true}')
        assert connection.sock is not None
    connection.close()
