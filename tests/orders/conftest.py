"""Orders with a real (local) Stripe beside them."""

import pytest
from flask import Flask

from marketplace.settings import Settings
from tests.chainlogs import Chain, deploy
from tests.local_stripe import LocalStripe


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


@pytest.fixture
def chain(app: Flask) -> Chain:
    """A chain that has our contracts."""
    deploy()
    return Chain()
