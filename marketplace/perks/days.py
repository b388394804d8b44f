"""The days on which a perk of a token can be used: those of its plan, and none after the term of the right itself."""

from __future__ import annotations

from datetime import date

from marketplace.kit.clock import now
from marketplace.rights import plans
from marketplace.rights.plans import Plan
from marketplace.tokens import ending
from marketplace.tokens.models import Token


def last_day(plan: Plan, token: Token) -> date | None:
    """The last day on which it can be used; None for ever."""
    ends = (plans.last_day(plan, token.minted_at or now()), ending.last_day(token))
    return min((day for day in ends if day is not None), default=None)


def why_not_on(plan: Plan, token: Token, on: date) -> str:
    """A sentence why it can't be used on that day in Japan; '' where it can."""
    return plans.why_not_on(plan, on, last_day(plan, token))
