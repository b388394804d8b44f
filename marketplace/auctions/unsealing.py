"""開札: sealed bids are opened before two witnesses, and a tie is drawn by dice before them (入札形式).

Until then the amounts are sealed in the database: see secrecy.py. The root of the log is on its way to the chain
since the close, so the envelopes that are opened are the ones that were handed in.
"""

from __future__ import annotations

from collections.abc import Sequence

from marketplace.auctions import chaining, sealed
from marketplace.auctions.awarding import BELOW_RESERVE, NO_BID, award, fail
from marketplace.auctions.logs import disclose, envelopes, leaves
from marketplace.auctions.models import Auction, AuctionState, BidStatus
from marketplace.auctions.refusals import NothingToDraw, NothingToOpen
from marketplace.journal.writing import move, note
from marketplace.kit import merkle, published
from marketplace.kit.clock import now
from marketplace.kit.db import get, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing
from marketplace.listings.witnesses import witnessed
from marketplace.outbox.promising import say


def open_envelopes(auction_id: int, witnesses: Sequence[str], actor_id: int) -> None:
    """Open every envelope of a closed sealed auction ⇢ auction.unsealed: award, tie, or nothing sold.

    NothingToOpen where none wait (any more), Invalid without two witnesses.
    """
    names, by = witnessed(witnesses), staff_name(actor_id)
    with transaction():
        auction = lock(Auction, auction_id)
        if auction.state != AuctionState.TO_OPEN:
            raise NothingToOpen
        auction.opened_at, auction.witnesses = now(), names
        disclose(auction)
        note(auction.subject, "unseal", by=by, envelopes=auction.arrivals)
        able = accepted_envelopes(auction)
        top = sealed.highest(auction.sealed_terms, able)
        if not top:
            fail(auction, BELOW_RESERVE if able else NO_BID, by=by)
        elif len(top) == 1:
            award(auction, top[0].bidder, top[0].amount, by=by)
        else:
            auction.tie_root = merkle.root(leaves(auction)).hex()
            move(auction, "tie", by=by, root=auction.tie_root, tied=[bid.no for bid in top])
        say("auction.unsealed", key=auction.code, auction_id=auction.id)


def draw_tie(auction_id: int, digits: str, witnesses: Sequence[str], actor_id: int) -> None:
    """Draw among equal highest sealed bids by twenty dice before two witnesses (くじ).

    NothingToDraw where there is no tie (any more), Invalid for other digits or witnesses.
    """
    if len(digits) != 20 or not (digits.isascii() and digits.isdigit()):
        raise Invalid("さいころの目は、数字20けたで入力してください。", field="digits")
    names = witnessed(witnesses)
    with transaction():
        auction = lock(Auction, auction_id)
        if auction.state != AuctionState.TIED:
            raise NothingToDraw
        seed = chaining.seed_of(tie_commit(auction), digits)
        auction.seed, auction.tie_digits, auction.tie_witnesses = seed.hex(), digits, names
        top = sealed.highest(auction.sealed_terms, accepted_envelopes(auction))
        winner = min(top, key=lambda bid: (sealed.ticket(seed, bid.no), bid.no))
        award(auction, winner.bidder, winner.amount, by=staff_name(actor_id))
        say("auction.drawn", key=auction.code, auction_id=auction.id)


def accepted_envelopes(auction: Auction) -> list[sealed.Bid]:
    """In order of receipt."""
    return [bid for bid, status in envelopes(auction) if status == BidStatus.ACCEPTED]


def tie_commit(auction: Auction) -> published.Record:
    """What the dice are thrown for."""
    rules = get(Listing, auction.listing_id).text_hash or ""
    return chaining.tie_commit(auction.code, rules, auction.arrivals, auction.tie_root or "")
