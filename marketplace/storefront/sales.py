"""The record of each sale that is over: persons, wishes, winners, paid and issued apart, and the money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marketplace.auctions.models import MAXIMA_PUBLIC, Auction
from marketplace.fund import tracing
from marketplace.fund.models import Posting, PostingLine
from marketplace.kit.clock import jst
from marketplace.kit.db import db
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.lotteries import counting
from marketplace.lotteries.models import Draw, Lottery
from marketplace.orders.models import Order, OrderState
from marketplace.settings import settings
from marketplace.tokens.models import Token

OVER = (ListingState.CLOSED, ListingState.COMPLETED, ListingState.CANCELLED)
ENDED = (ListingState.COMPLETED, ListingState.CANCELLED)
RETURNED = (OrderState.REFUND_PENDING, OrderState.REFUNDED)


@dataclass(frozen=True)
class Sale:
    """`persons` applied, bid or bought; `wanted` are lots, bids or orders; `paid`, `returned` and `issued` are units.

    `winners` is None where nobody wins: at a fixed price. `winning_yen` is an auction's alone.
    """

    listing: Listing
    closed_at: datetime
    persons: int
    wanted: int
    winners: int | None
    paid: int
    returned: int
    issued: int
    winning_yen: int | None
    collected_yen: int
    fees_yen: int
    returned_yen: int
    known_at: datetime | None
    """When everybody could read how it ended; None before."""
    proof: str
    """The path of the page on which anybody can recompute how it ended; empty at a fixed price."""

    @property
    def path(self) -> str:
        return f"/listings/{self.listing.code}/record"

    @property
    def published_at(self) -> datetime:
        assert self.listing.published_at is not None, "over() has none that nobody ever saw"
        return self.listing.published_at

    @property
    def opened_at(self) -> datetime | None:
        """None of one that was called off before."""
        return self.listing.opens_at if self.listing.opens_at <= self.closed_at else None

    def as_json(self) -> dict[str, Any]:
        """In the names and the order of the open data; times in Japan (ISO 8601), yen whole."""
        listing, right, base = self.listing, self.listing.right, settings().base_url
        return {
            "code": listing.code,
            "title_ja": right.title_ja,
            "title_en": right.title_en,
            "kind": str(right.kind),
            "mode": str(listing.mode),
            "state": str(listing.state),
            "published_at": _text(self.published_at),
            "opened_at": _text(self.opened_at) if self.opened_at else None,
            "closed_at": _text(self.closed_at),
            "price_yen": listing.price_yen,
            "quantity": listing.quantity,
            "persons": self.persons,
            "wanted": self.wanted,
            "winners": self.winners,
            "paid": self.paid,
            "returned": self.returned,
            "issued": self.issued,
            "winning_yen": self.winning_yen,
            "collected_yen": self.collected_yen,
            "fees_yen": self.fees_yen,
            "returned_yen": self.returned_yen,
            "url": base + self.path,
            "proof": base + self.proof if self.proof else "",
        }


def records(listings: Sequence[Listing]) -> list[Sale]:
    """The records of listings that are over, in their order: a handful of queries, however many there are."""
    ids = [listing.id for listing in listings]
    auctions = {
        row.listing_id: row for row in db.session.scalars(sa.select(Auction).where(Auction.listing_id.in_(ids)))
    }
    lotteries = list(db.session.scalars(sa.select(Lottery).where(Lottery.listing_id.in_(ids))))
    counted = counting.counts(lotteries)
    entered = {lottery.listing_id: counted[lottery.id] for lottery in lotteries}
    drawn = _drawn([lottery.id for lottery in lotteries])
    proven = {lottery.listing_id: drawn[lottery.id] for lottery in lotteries if lottery.id in drawn}
    ordered, issued, money = _ordered(ids), _issued([row.code for row in listings]), _money(ids)
    found = []
    for listing in listings:
        buyers, orders, paid, returned = ordered.get(listing.id, (0, 0, 0, 0))
        persons, wanted, winners, winning_yen, proof = buyers, orders, None, None, ""
        closed_at = listing.closed_at
        known_at = closed_at if listing.state in ENDED or listing.mode == Mode.FIXED else None
        if (auction := auctions.get(listing.id)) is not None:
            known = auction.state in MAXIMA_PUBLIC
            persons, wanted, winning_yen = auction.bidder_count, auction.bid_count, auction.winner_yen
            winners, proof = int(winning_yen is not None), f"/listings/{listing.code}/bids" if known else ""
            known_at = (auction.opened_at or closed_at) if known else known_at
        elif (numbers := entered.get(listing.id)) is not None:
            persons, wanted, winners = numbers.persons, numbers.wanted, numbers.winners
            proof = f"/listings/{listing.code}/draw" if listing.id in proven else ""
            known_at = proven.get(listing.id, known_at)
        assert closed_at is not None, "over() has none that still takes orders"
        sums = money.get(listing.id, (0, 0, 0))
        units = issued.get(listing.code, 0)
        found.append(
            Sale(
                *(listing, closed_at, persons, wanted, winners, paid, returned, units, winning_yen, *sums),
                known_at=known_at,
                proof=proof,
            )
        )
    return found


def record(code: str) -> Sale | None:
    """The record of one sale; None where it is not over, or is not known."""
    listing = db.session.scalar(over().where(Listing.code == code))
    return records([listing])[0] if listing is not None else None


def over() -> sa.Select[Listing]:
    """The sales that are over, the last one first. Grants were never for sale; nor was what nobody ever saw."""
    return (
        sa.select(Listing)
        .join(Listing.right)
        .where(Listing.state.in_(OVER), Listing.mode != Mode.GRANT, Listing.published_at.is_not(None))
        .order_by(Listing.closed_at.desc(), Listing.id.desc())
    )


def _drawn(lottery_ids: Sequence[int]) -> dict[int, datetime]:
    """{lottery: when it was drawn}, of those that were."""
    query = sa.select(Draw.lottery_id, sa.func.max(Draw.drawn_at)).where(Draw.lottery_id.in_(lottery_ids))
    rows = db.session.execute(query.where(Draw.seed.is_not(None)).group_by(Draw.lottery_id))
    return {lottery_id: at for lottery_id, at in rows if at is not None}


def _ordered(listing_ids: Sequence[int]) -> dict[int, tuple[int, int, int, int]]:
    """{listing: (buyers, orders that were paid at some time, paid now, given back)}."""
    bought = Order.paid_at.is_not(None)
    n = sa.func.count()
    query = (
        sa.select(
            Order.listing_id,
            sa.func.count(sa.distinct(Order.buyer_id)).filter(bought),
            n.filter(bought),
            n.filter(bought, Order.state.not_in(RETURNED)),
            n.filter(bought, Order.state.in_(RETURNED)),
        )
        .where(Order.listing_id.in_(listing_ids))
        .group_by(Order.listing_id)
    )
    rows = db.session.execute(query)
    return {listing_id: (buyers, orders, paid, returned) for listing_id, buyers, orders, paid, returned in rows}


def _issued(codes: Sequence[str]) -> dict[str, int]:
    query = sa.select(Token.listing_code, sa.func.count()).where(
        Token.listing_code.in_(codes), Token.minted_at.is_not(None)
    )
    return dict(db.session.execute(query.group_by(Token.listing_code)).all())


def _money(listing_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """{listing: yen (collected, kept by the card company, given back)}, from the book of postings."""
    query = (
        sa.select(Order.listing_id, *tracing.SUMS)
        .join(Posting, Posting.subject == "order:" + Order.code)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(Order.listing_id.in_(listing_ids), tracing.OF_A_SUBJECT)
        .group_by(Order.listing_id)
    )
    rows = db.session.execute(query)
    return {listing_id: (int(gross), int(fee), int(back)) for listing_id, gross, fee, back in rows}


def _text(at: datetime) -> str:
    return jst(at).isoformat(timespec="seconds")
