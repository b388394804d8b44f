"""The local Stripe server as a process of its own, and the people around it: payers, the bank, the store."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import stripe
from pydantic import SecretStr
from stripe._v1_services import V1Services

from marketplace.settings import Settings

SECRET = "whsec_test"


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_StayHere)


@dataclass(frozen=True)
class Seen:
    """What a browser would see: status, text, and where it is sent."""

    status: int
    text: str
    location: str
    headers: dict[str, str]


@dataclass(frozen=True)
class LocalStripe:
    base_url: str
    process: subprocess.Popen[str]

    def sim(self, name: str, **given: object) -> dict[str, Any]:
        """POST /_sim/<name>."""
        request = urllib.request.Request(
            f"{self.base_url}/_sim/{name}", json.dumps(given).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            result: dict[str, Any] = json.load(answer)
        return result

    def client(self, key: str = "sk_test_contract", retries: int = 0) -> V1Services:
        """The official client, pointed here."""
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.base_url},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=30),
        ).v1

    def visit(self, url: str, **form: str) -> Seen:
        """What a payer does: look at a page, or send its form. Redirects are not followed."""
        body = urllib.parse.urlencode(form).encode() if form else None
        try:
            answer = _OPENER.open(urllib.request.Request(url, body), timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            headers = dict(answer.headers)
            return Seen(answer.status, answer.read().decode(), headers.get("Location", ""), headers)

    def pay(self, url: str, card: str = "pm_card_visa") -> Seen:
        return self.visit(url, do="card", card=card)

    def settings(self, settings: Settings, **more: object) -> Settings:
        """`settings`, pointed here."""
        knobs = {"stripe_api_base": self.base_url, "stripe_secret_key": SecretStr("sk_test_local"), **more}
        return settings.model_copy(update=knobs)

    def send_webhooks_to(self, site: str, kinds: Sequence[str] = ("*",)) -> None:
        """`kinds`: to which the endpoint is subscribed; tests send the others too."""
        self.sim("webhook", url=f"{site}/webhooks/stripe", secret=SECRET, events=[*kinds])


@contextmanager
def running(*arguments: str) -> Iterator[LocalStripe]:
    """A server on a free port until the block ends."""
    command = [sys.executable, "-m", "marketplace.devstripe", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith("devstripe is ready: "), said
            yield LocalStripe(said.split()[-1], process)
        finally:
            process.terminate()
            process.wait(timeout=20)
