"""Orders with a real (local) Stripe beside them."""

import pytest

from marketplace.settings import Settings
from tests.local_stripe import LocalStripe


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)
