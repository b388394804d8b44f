"""What stops the use of a right for a while: an objection to the payment, money that goes back.

It is asked, not written down: an office that knows of a reason registers how to see it. Whoever got the right from the
payer in good faith answers for nobody's card, so a reason looks at who holds the token now. A frozen right is not
used, and does not leave the town's custody either.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from marketplace.kit.refusals import Refused
from marketplace.tokens.binding import binds
from marketplace.tokens.models import Token

Reason = Callable[[Token], Refused | None]
Suspects = Callable[[Collection[str]], Iterable[str]]


class Freezing(NamedTuple):
    """`suspects` finds in one look which of some orders are worth asking about: a list of rights asks not for each."""

    why: Reason
    suspects: Suspects


REASONS: dict[str, Freezing] = {}
FROZEN = "tokens.frozen"


def freezes(name: str, suspects: Suspects) -> Callable[[Reason], Reason]:
    """Register how to see that `name` freezes a token: the refusal to give to whoever wants to use it, or None."""

    def register(why: Reason) -> Reason:
        REASONS[name] = Freezing(why, suspects)
        return why

    return register


def frozen(token: Token) -> Refused | None:
    """Why the right can't be used now, in words for its holder, or None."""
    found = (reason.why(token) for _name, reason in sorted(REASONS.items()))
    return next((refusal for refusal in found if refusal is not None), None)


@binds(FROZEN)
def frozen_among(tokens: Collection[Token]) -> dict[int, Refused]:
    """{token's number: why it can't be used now} of those that can't."""
    codes = {token.order_code for token in tokens}
    suspected = {code for reason in REASONS.values() for code in reason.suspects(codes)}
    return {token.token_id: why for token in tokens if token.order_code in suspected and (why := frozen(token))}


def check_usable(token: Token) -> None:
    """Raises what freezes it."""
    if (refusal := frozen(token)) is not None:
        raise refusal
