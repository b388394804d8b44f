"""What stops the use of a right for a while: an objection to the payment, money that goes back.

It is asked, not written down: an office that knows of a reason registers how to see it. Whoever got the right from the
payer in good faith answers for nobody's card, so a reason looks at who holds the token now. A frozen right is not
used, and does not leave the town's custody either.
"""

from __future__ import annotations

from collections.abc import Callable

from marketplace.kit.refusals import Refused
from marketplace.tokens.binding import binds
from marketplace.tokens.models import Token

Reason = Callable[[Token], Refused | None]
REASONS: dict[str, Reason] = {}
FROZEN = "tokens.frozen"


def freezes(name: str) -> Callable[[Reason], Reason]:
    """Register how to see that `name` freezes a token: the refusal to give to whoever wants to use it, or None."""

    def register(why: Reason) -> Reason:
        REASONS[name] = why
        return why

    return register


@binds(FROZEN)
def frozen(token: Token) -> Refused | None:
    """Why the right can't be used now, in words for its holder, or None."""
    found = (why(token) for _name, why in sorted(REASONS.items()))
    return next((refusal for refusal in found if refusal is not None), None)


def check_usable(token: Token) -> None:
    """Raises what freezes it."""
    if (refusal := frozen(token)) is not None:
        raise refusal
