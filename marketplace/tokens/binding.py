"""What binds a token for the moment. It can be promised to one thing at a time: to a buyer, to a friend, to a wallet.

An office that promises tokens says here how to see that it did; every office asks before it promises one. All of them
hold the token's row meanwhile, so that of two at once the second one sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from marketplace.kit.refusals import Refused
from marketplace.tokens.models import Token

Bond = Callable[[Collection[Token]], Mapping[int, Refused]]

BONDS: dict[str, Bond] = {}


def binds(name: str) -> Callable[[Bond], Bond]:
    """Register how to see which of some tokens `name` binds: {its number: the refusal to give to others}. It is asked
    once, however many they are: a list asks not for each."""

    def register(bond: Bond) -> Bond:
        BONDS[name] = bond
        return bond

    return register


def bound(token: Token, *, but: str = "") -> Refused | None:
    """Why nothing else can be done with the token now, or None. `but`: the bond of whoever asks."""
    return bound_among([token], but=but).get(token.token_id)


def bound_among(tokens: Collection[Token], *, but: str = "") -> dict[int, Refused]:
    """{token's number: why nothing else can be done with it now} of those that something binds."""
    found: dict[int, Refused] = {}
    for name, bond in sorted(BONDS.items(), reverse=True):
        if name != but:
            found.update(bond(tokens))  # of two the first by name is told
    return found


def check_free(token: Token, *, but: str = "") -> None:
    """Raises what binds the token. Whoever promises it next holds its row while asking; a page may just ask."""
    if (refusal := bound(token, but=but)) is not None:
        raise refusal
