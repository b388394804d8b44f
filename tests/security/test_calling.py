"""The town calls the addresses of its settings, and no others: nobody else can send it somewhere."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask
from pydantic import SecretStr

from ipfs.cid import CID
from ipfs.errors import IpfsError
from ipfs.rpc import KuboReplica
from marketplace.blobs.bucket import Bucket
from marketplace.blobs.signing import Signer
from marketplace.chain.node import Web3Node
from marketplace.chain.remote_signer import RemoteSigner
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.lotteries.drand import Drand
from marketplace.notices.mail import Letter, SmtpMail
from marketplace.notices.sms import GatewaySms
from tests.notices.post_office import post_office

ROOT = Path(__file__).parents[2]
NETWORK = {"requests", "urllib", "urllib3", "http", "socket", "smtplib", "web3", "stripe", "ipfshttpclient", "aiohttp"}
HARMLESS = {"urllib.parse", "http.server", "http.HTTPStatus", "socketserver"}
SPEAKERS = {
    "ipfs/rpc.py": "IPFS_RPC_URL",
    "marketplace/accounts/provider.py": "OIDC_ISSUER",
    "marketplace/auctions/beating.py": "BASE_URL",
    "marketplace/blobs/bucket.py": "S3_ENDPOINT",
    "marketplace/chain/embedded.py": "loopback",
    "marketplace/chain/node.py": "CHAIN_URL",
    "marketplace/chain/remote_signer.py": "SIGNER_URL",
    "marketplace/lotteries/drand.py": "BEACON_URL",
    "marketplace/notices/mail.py": "SMTP_URL",
    "marketplace/notices/sms.py": "SMS_URL",
    "marketplace/operating/looking_at_services.py": "BASE_URL, SIGNER_URL, SMS_URL, QUEUE_URL and LIMITS_URL",
    "marketplace/operating/looking_outside.py": "Stripe, or STRIPE_API_BASE on loopback",
    "marketplace/payments/hearing.py": "nobody: it checks signatures",
    "marketplace/payments/official.py": "Stripe, or STRIPE_API_BASE on loopback, by wire.py",
    "marketplace/payments/wire.py": "whom official.py names",
    "marketplace/webhooks/addresses.py": "the name service, for the next",
    "marketplace/webhooks/courier.py": "addresses that two of the staff have approved, and that are public",
}
"""The only files of the town that can speak to a network, and to whom; without the local stand-ins and the demo."""
STAND_INS = ("marketplace/devstripe/", "marketplace/demo/", "marketplace/supervising/")
ADDRESS = "0x" + "11" * 20
SIGNER = Signer("town", SecretStr("secret"), "us-east-1")
ROOT_CID = CID.parse("bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy")


def imported(file: Path) -> set[str]:
    """The names of all modules that a file imports, at its top or later."""
    names: set[str] = set()
    for part in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(part, ast.Import):
            names |= {each.name for each in part.names}
        elif isinstance(part, ast.ImportFrom) and part.module and not part.level:
            names |= {f"{part.module}.{each.name}" if part.module == "http" else part.module for each in part.names}
    return names


def test_only_the_counters_to_the_world_can_speak_to_a_network() -> None:
    speakers = set()
    for file in [*(ROOT / "marketplace").rglob("*.py"), *(ROOT / "ipfs").rglob("*.py")]:
        name = file.relative_to(ROOT).as_posix()
        networks = {each for each in imported(file) - HARMLESS if each.partition(".")[0] in NETWORK}
        if networks and not name.startswith(STAND_INS):
            speakers.add(name)
    assert speakers == set(SPEAKERS)


class Elsewhere(ThreadingHTTPServer):
    """Whoever is asked here sends the asker on to /inside, where somebody listens whom only this machine reaches."""

    asked: ClassVar[list[str]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        Elsewhere.asked.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200 if self.path.startswith("/inside") else int(self.path.split("/")[1]))
        self.send_header("Location", "/inside")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"moved")

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    Elsewhere.asked.clear()
    with Elsewhere(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


CALLS: dict[str, Callable[[str], Any]] = {
    "chain": lambda url: Web3Node(url).head(),
    "signer": lambda url: RemoteSigner(url, ADDRESS)._ask("eth_signTransaction", {}),
    "beacon": lambda url: Drand([url]).signature(1),
    "sms": lambda url: GatewaySms(url, "token").send("key", "09012345678", "hello"),
    "bucket": lambda url: Bucket(url, "town", SIGNER).get("key", 5),
    "ipfs": lambda url: KuboReplica(url, token="token").pinned(ROOT_CID),
}


def test_who_answers_there_does_not_send_us_on(app: Flask, elsewhere: str) -> None:
    asked = []
    for who, status in product(CALLS, (301, 302, 303, 307, 308)):
        with pytest.raises((Unavailable, Rejected, IpfsError)):
            CALLS[who](f"{elsewhere}/{status}")
        asked.append((who, status, len(Elsewhere.asked)))
        Elsewhere.asked.clear()
    assert [line for line in asked if line[2] != 1] == []


def test_a_password_for_mail_leaves_this_machine_under_tls_alone(app: Flask) -> None:
    letter = Letter("key", "a@example.jp", "題", "文\n")
    with post_office("127.0.0.2") as office:
        with pytest.raises(Unavailable, match="no TLS") as refusal:
            SmtpMail(office.url.replace("//", "//town:6Xw1@"), "town@example.jp").send(letter)
        SmtpMail(office.url, "town@example.jp").send(letter)
        assert len(office.letters) == 1
    assert "6Xw1" not in str(refusal.value)
