"""What happened in the demo town, and when: each sale as a list of acts in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.admissions.deciding import approve
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.opening import of_listing as auction_of
from marketplace.demo import hands
from marketplace.demo.bids import climb, park
from marketplace.demo.town import Sale
from marketplace.kit.clock import now
from marketplace.listings.scheduling import cancel
from marketplace.lotteries.applicants import Channel
from marketplace.lotteries.closing import of_listing as lottery_of
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import enter, take_down
from marketplace.orders.placing import place

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DICE = "31415926535897932384"
WITNESSES = ("区長会長", "商工会長")


@dataclass
class Act:
    """Something that somebody did at a moment.

    `settle`: money moved, so Stripe's clock must agree. `quiet`: one of many (a bid, an entry), from which nothing
    follows that could not wait for the next act.
    """

    at: datetime
    do: Callable[[], object]
    settle: bool = False
    quiet: bool = False


class Tale:
    """One sale from its first draft to the present day."""

    def __init__(self, sale: Sale, office: dict[str, int], first_buyer: int) -> None:
        self.sale, self.office, self.first_buyer = sale, office, first_buyer
        self.listing_id = 0
        self.present = now()

    def acts(self) -> Iterator[Act]:
        """Every act up to the present, in no particular order."""
        drafted = min(self.sale.opens_at - 10 * DAY, self.present - DAY)
        yield Act(drafted, self._draft)
        yield Act(drafted + 5 * HOUR, self._decide)
        yield Act(drafted + DAY - HOUR, _nothing)  # the notice is published
        if self.sale.opens_at > self.present or self.sale.state in ("draft", "submitted", "returned"):
            return
        yield Act(self.sale.opens_at, _nothing)
        yield from {"fixed": self._fixed, "lottery": self._lottery, "ascending": self._auction, "grant": _no_acts}[
            self.sale.mode
        ]()
        if self.sale.closes_at and self.sale.state != "cancelled":
            yield Act(self.sale.closes_at, _nothing)

    def _fixed(self) -> Iterator[Act]:
        sold = self.sale.play.get("sold", 0)
        for n, at in enumerate(self._spread(sold)):
            yield Act(at, lambda n=n: self._buy(n), settle=True)  # type: ignore[misc]

    def _lottery(self) -> Iterator[Act]:
        for n, at in enumerate(self._spread(self.sale.play["applied"])):
            yield Act(at, lambda n=n: self._enter(n), quiet=True)  # type: ignore[misc]
        if self.sale.draw_at is None or self.sale.draw_at > self.present:
            return
        yield Act(self.sale.draw_at, self._draw)
        yield Act(self.sale.draw_at + DAY, lambda: self._pay_all_but(self.sale.play["unpaid"]), settle=True)
        over = self.sale.draw_at + 3 * DAY + MINUTE
        yield Act(over, _nothing)  # those who did not pay lose their turn; the next are told
        yield Act(over + DAY, lambda: self._pay_all_but(self.sale.play.get("left", 0)), settle=True)

    def _auction(self) -> Iterator[Act]:
        play, closes = self.sale.play, self.sale.closes_at
        assert closes is not None
        if play.get("log") == "park":
            told = park(self.sale.opens_at)
        else:
            until = min(closes - 6 * HOUR, self.present - HOUR)
            price = self.sale.words["price_yen"]
            told = climb(self.sale.opens_at, until, play["bids"], play["bidders"], price, play["top"])
        if (self.sale.words.get("auction_rules") or {}).get("taking_part"):
            yield Act(self.sale.opens_at - DAY, lambda: self._admit(play["bidders"]))
            yield Act(self.present - 2 * HOUR, lambda: self._apply(play["bidders"], play["waiting"]))
        for bid in told:
            yield Act(bid.at, lambda bid=bid: self._bid(bid.bidder, bid.yen), quiet=True)  # type: ignore[misc]
        if self.sale.state == "cancelled":
            yield Act(closes - HOUR, self._cancel)
        yield Act(closes + 3 * HOUR, _nothing)
        yield Act(closes + DAY, lambda: self._pay_all_but(0), settle=True)

    def _spread(self, count: int) -> list[datetime]:
        """`count` moments between the opening and the close, or an hour ago."""
        end = min(self.sale.closes_at or self.present, self.present) - HOUR
        step = (end - self.sale.opens_at) / (count + 1)
        return [self.sale.opens_at + step * (n + 1) for n in range(count)]

    # The acts themselves.

    def _draft(self) -> None:
        self.listing_id = hands.draft(self.sale, self.office)

    def _decide(self) -> None:
        hands.decide(self.sale, self.listing_id, self.office)

    def _buy(self, n: int) -> None:
        hands.pay(place(hands.buyer(self.first_buyer + n), self.listing_id))

    def _enter(self, n: int) -> None:
        lottery = lottery_of(self.listing_id)
        assert lottery is not None
        number, play = self.first_buyer + n, self.sale.play
        if n == play.get("phone"):
            take_down(lottery.id, self.office["drafter"], hands.application(lottery, number, Channel.PHONE))
        elif n == play.get("twice"):  # one who has applied already, from another mail address
            enter(lottery.id, hands.buyer(number), hands.application(lottery, number - 1))
        else:
            enter(lottery.id, hands.buyer(number), hands.application(lottery, number))

    def _draw(self) -> None:
        lottery = lottery_of(self.listing_id)
        assert lottery is not None
        draw_with_dice(lottery.id, DICE, WITNESSES, self.office["approver"])

    def _apply(self, first: int, people: int) -> list[int]:
        """People who ask to take part; their participations."""
        return [hands.apply(self.listing_id, self.first_buyer + n) for n in range(first, first + people)]

    def _admit(self, bidders: int) -> None:
        for participation_id in self._apply(0, bidders):
            approve(participation_id, self.office["approver"])

    def _bid(self, bidder: int, yen: int) -> None:
        auction = auction_of(self.listing_id)
        assert auction is not None
        place_bid(auction.id, hands.buyer(self.first_buyer + bidder), yen)

    def _cancel(self) -> None:
        cancel(self.listing_id, "staff:demo", self.sale.words["cancelled_reason"])

    def _pay_all_but(self, left: int) -> None:
        waiting = hands.unpaid(self.listing_id)
        for order_id in waiting[: len(waiting) - left]:
            hands.pay(order_id)


def _no_acts() -> Iterator[Act]:
    """Of a grant: the office gives it when it sees fit."""
    yield from ()


def _nothing() -> None:
    """Time passes: the sheets do what is due."""
