"""What the shop relies on, asked through the official client: what the questions have in common.

What only a payer can do on a page is not here: Stripe's pages can't be driven (see tests/devstripe/test_pages.py).
"""

import time
from typing import Any

import stripe
from stripe._v1_services import V1Services


def checkout(v1: V1Services, yen: int = 1000, **more: Any) -> stripe.checkout.Session:
    params: Any = {
        "mode": "payment",
        "locale": "ja",
        "client_reference_id": "order:ORD-1",
        "metadata": {"reference": "1"},
        "customer_email": "hanako@example.jp",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {"currency": "jpy", "unit_amount": yen, "product_data": {"name": "デジタル住民票"}},
            }
        ],
        "payment_intent_data": {"metadata": {"reference": "1"}, "description": "x", "capture_method": "automatic"},
        "allowed_payment_method_types": ["card"],
        "payment_method_options": {"card": {"request_three_d_secure": "any"}},
        "adaptive_pricing": {"enabled": False},
        "expires_at": int(time.time()) + 31 * 60,
        "success_url": "http://127.0.0.1/done",
        "cancel_url": "http://127.0.0.1/back",
        **more,
    }
    return v1.checkout.sessions.create(params)


def intent(v1: V1Services, yen: int = 1000, method: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    params: Any = {
        "amount": yen,
        "currency": "jpy",
        "payment_method": method,
        "allowed_payment_method_types": ["card"],
        "confirm": True,
        "metadata": {"reference": "1"},
        **more,
    }
    return v1.payment_intents.create(params)


def customer(v1: V1Services) -> str:
    return v1.customers.create({"email": "hanako@example.jp", "name": "山田花子", "metadata": {"u": "1"}}).id


def assert_laid_out(thing: Any) -> None:
    """Every key of `thing` is one that the official client knows of its kind; the same for what is inside it."""
    if isinstance(thing, stripe.ListObject):
        for one in thing.data:
            assert_laid_out(one)
    elif isinstance(thing, stripe.StripeObject) and type(thing) is not stripe.StripeObject:
        known = set(getattr(type(thing), "__annotations__", {}))
        if "object" in known:
            assert set(thing.to_dict()) - known == set()
            for inner in vars(thing).get("_data", {}).values():
                assert_laid_out(inner)
