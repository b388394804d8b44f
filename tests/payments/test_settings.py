"""Live money and a stand-in for Stripe exclude each other, before anything starts."""

from typing import Any

import pytest
from pydantic import ValidationError

from marketplace.settings import Settings


@pytest.mark.parametrize(
    "knobs",
    [
        {"stripe_live": True, "stripe_secret_key": "sk_live_1", "stripe_api_base": "http://127.0.0.1:12111"},
        {"stripe_api_base": "http://192.0.2.1:12111"},
        {"stripe_api_base": "https://stripe.example.com"},
        {"stripe_live": True, "stripe_secret_key": "sk_test_1"},
        {"stripe_live": False, "stripe_secret_key": "sk_live_1"},
        {"stripe_live": False, "stripe_secret_key": "rk_live_1"},
        {"stripe_live": True, "stripe_secret_key": "sk_live_1", "demo": True},
    ],
)
def test_what_could_take_real_money_by_mistake_does_not_start(knobs: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**knobs)


@pytest.mark.parametrize(
    "knobs",
    [
        {"stripe_live": True, "stripe_secret_key": "rk_live_1"},
        {"stripe_secret_key": "sk_test_1"},
        {"stripe_secret_key": "sk_test_1", "stripe_api_base": "http://127.0.0.1:12111"},
    ],
)
def test_live_test_and_rehearsal_each_start(knobs: dict[str, Any]) -> None:
    assert Settings(**knobs).stripe_live == knobs.get("stripe_live", False)
