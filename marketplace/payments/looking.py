"""Whoever comes back from Stripe has it asked at once, but not as often as they can load a page: Stripe answers a shop
so often in a second, and everybody's way to pay needs that. Its news come all the same."""

from __future__ import annotations

from marketplace.kit.limits import each_account, limiter

RATE = "10/minute"


def may_look() -> bool:
    """Whether Stripe is asked for this visitor now. To be called before anything is looked up.

    https://docs.stripe.com/rate-limits
    """
    return limiter.lets(RATE, __name__, each_account())
