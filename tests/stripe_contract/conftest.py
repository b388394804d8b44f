"""One suite, two servers: the local one always, Stripe's test mode where STRIPE_CONTRACT_KEY is given."""

import os
from collections.abc import Iterator

import pytest
import stripe as official
from stripe._v1_services import V1Services

from tests.local_stripe import LocalStripe


@pytest.fixture(params=["local", "stripe"])
def where(request: pytest.FixtureRequest) -> str:
    """Which of the two servers."""
    name: str = request.param
    return name


@pytest.fixture
def hook_url(where: str) -> str:
    """An address that the server takes for a webhook endpoint; nothing is ever sent there."""
    return "http://127.0.0.1:9/hook" if where == "local" else "https://example.com/hook"


@pytest.fixture
def v1(where: str, stripe_process: LocalStripe) -> Iterator[V1Services]:
    """The official client."""
    if where == "local":
        stripe_process.sim("reset")
        yield stripe_process.client()
        return
    key = os.environ.get("STRIPE_CONTRACT_KEY", "")
    if not key.startswith(("sk_test_", "rk_test_")):
        pytest.skip("Stripe's test mode: STRIPE_CONTRACT_KEY holds no test key")
    yield official.StripeClient(key, max_network_retries=2, http_client=official.RequestsClient(timeout=30)).v1
