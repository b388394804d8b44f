"""Which sales are left out of the figures, and why: rules that anybody can apply to the chain's logs. Pure.

They look at addresses, never at people: what we know of our accounts decides nothing that is published.

SELF        seller and buyer are one address
ROUND_TRIP  within 30 days the token is with the seller again, sold or given back: this sale and those on the way back
FUNDED      within the 30 days before, the buyer got yen from the seller, or both got yen from one third address that
            sent yen to few (an exchange that pays out to many ties nobody together)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.resale.models import Flag

WINDOW = timedelta(days=30)
MANY = 10
"""An address that sent yen to so many others in the window is no tie between two of them."""

Place = tuple[int, int]
"""Number of the block, and of the log in it."""


@dataclass(frozen=True)
class Deal:
    """A sale of a token."""

    place: Place
    seller: str
    buyer: str
    at: datetime


@dataclass(frozen=True)
class Hand:
    """A token comes to an address."""

    place: Place
    to: str
    at: datetime


@dataclass(frozen=True)
class Payment:
    """Yen from one address to another."""

    sender: str
    to: str
    at: datetime


def flags(deals: Sequence[Deal], hands: Iterable[Hand], funded: Collection[Place]) -> dict[Place, Flag]:
    """{sale: why it is left out} of one token; the strongest reason of several. `funded`: what funded() said."""
    found = dict.fromkeys((deal.place for deal in deals if deal.place in funded), Flag.FUNDED)
    moves = sorted(hands, key=lambda hand: hand.place)
    for deal in deals:
        back = next((hand for hand in moves if hand.place > deal.place and hand.to == deal.seller), None)
        if back is not None and back.at - deal.at <= WINDOW:
            # by block: of the sale that brings it back, a market may log the movement first
            there = {other.place for other in deals if deal.place <= other.place and other.place[0] <= back.place[0]}
            found |= dict.fromkeys(there, Flag.ROUND_TRIP)
    return found | dict.fromkeys((deal.place for deal in deals if deal.seller == deal.buyer), Flag.SELF)


def funded(deal: Deal, payments: Iterable[Payment], nobodys: Collection[str]) -> bool:
    """Whether buyer and seller are tied by yen before the sale. `nobodys`: contracts, and where tokens are minted."""
    before = [each for each in payments if deal.at - WINDOW <= each.at <= deal.at and each.sender not in nobodys]
    to_buyer = {each.sender for each in before if each.to == deal.buyer}
    to_seller = {each.sender for each in before if each.to == deal.seller}
    few = {sender for sender in to_buyer & to_seller if _reach(sender, before) < MANY}
    return deal.seller in to_buyer or bool(few - {deal.buyer, deal.seller})


def _reach(sender: str, payments: Iterable[Payment]) -> int:
    return len({each.to for each in payments if each.sender == sender})
