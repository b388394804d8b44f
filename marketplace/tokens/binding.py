"""What binds a token for the moment. It can be promised to one thing at a time: to a buyer, to a friend, to a wallet.

An office that promises tokens says here how to see that it did; every office asks before it promises one. All of them
hold the token's row meanwhile, so that of two at once the second one sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Callable

from marketplace.kit.refusals import Refused
from marketplace.tokens.models import Token

Bond = Callable[[Token], Refused | None]

BONDS: dict[str, Bond] = {}


def binds(name: str) -> Callable[[Bond], Bond]:
    """Register how to see that `name` binds a token: the refusal to give to others, or None."""

    def register(bond: Bond) -> Bond:
        BONDS[name] = bond
        return bond

    return register


def bound(token: Token, *, but: str = "") -> Refused | None:
    """Why nothing else can be done with the token now, or None. `but`: the bond of whoever asks."""
    found = (bond(token) for name, bond in sorted(BONDS.items()) if name != but)
    return next((refusal for refusal in found if refusal is not None), None)


def check_free(token: Token, *, but: str = "") -> None:
    """Raises what binds the token. Whoever promises it next holds its row while asking; a page may just ask."""
    if (refusal := bound(token, but=but)) is not None:
        raise refusal
