"""The application, pointed at the local Stripe server, and somebody who hears every fact of holds and cards."""

import pytest

from marketplace.outbox.promising import HANDLERS, LISTENERS
from marketplace.settings import Settings
from tests.local_stripe import LocalStripe

FACTS = (
    "hold.placed",
    "hold.released",
    "hold.captured",
    "hold.lost",
    "hold.ends_soon",
    "card.saved",
    "card.declined",
)


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


@pytest.fixture(autouse=True)
def listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fact that no office hears leaves no message; here one hears them all."""
    monkeypatch.setitem(HANDLERS, "a test", lambda **_body: None)
    for topic in FACTS:
        monkeypatch.setitem(LISTENERS, topic, [*LISTENERS.get(topic, []), "a test"])
