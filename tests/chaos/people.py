"""Those who want something of the town. Each comes again until they have it, and knows only what they have seen."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import sqlalchemy as sa

from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction
from marketplace.auctions.opening import of_listing
from marketplace.auctions.refusals import BelowMinimum, NotAboveOwnMaximum
from marketplace.chain.rekeying import rekey
from marketplace.kit.db import db, get
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.models import Lottery
from marketplace.lotteries.states import LotteryState
from marketplace.orders.models import OPEN, Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from tests.chaos.stage import World
from tests.local_stripe import LocalStripe
from tests.lotteries.applied import DICE, WITNESSES

HAVE = (OrderState.PAID, OrderState.ISSUED)


@dataclass
class People:
    world: World
    stripe: LocalStripe
    dice: random.Random
    is_careless: bool = True
    """Some leave Stripe's page, and some do not come back from it."""
    has_bid: set[int] = field(default_factory=set)
    to_replace: list[str] = field(default_factory=list)
    """Roles whose key somebody at the terminal wants to replace."""

    def acts(self) -> list[Callable[[], None]]:
        """What each of them would do now: one go of each who still wants something."""
        wanting: list[Callable[[], None]] = [
            partial(self.buy, who) for who in self.world.buyers if not self.has(who, self.world.sale)
        ]
        wanting += [partial(self.bid, who) for who in self.world.bidders if who not in self.has_bid]
        wanting += [partial(self.pay, order) for order in self.awarded()]
        wanting += [partial(self.replace_the_key, role) for role in self.to_replace[:1]]
        if get(Lottery, self.world.lottery).state == LotteryState.CLOSED:
            wanting.append(self.draw)
        db.session.rollback()
        return wanting

    def awarded(self) -> list[int]:
        """Orders of winners who have to pay."""
        sales = (self.world.lottery_sale, self.world.auction_sale)
        return list(db.session.scalars(sa.select(Order.id).where(Order.listing_id.in_(sales), Order.state.in_(OPEN))))

    def has(self, buyer: int, listing: int) -> bool:
        mine = sa.select(Order.id).where(Order.buyer_id == buyer, Order.listing_id == listing, Order.state.in_(HAVE))
        return db.session.scalar(mine.limit(1)) is not None

    def buy(self, who: int) -> None:
        self.pay(place(who, self.world.sale))

    def pay(self, order_id: int) -> None:
        page = checkout(order_id)
        if self.is_careless and self.dice.random() < 0.2:
            return
        self.stripe.pay(page)
        if self.is_careless and self.dice.random() < 0.5:
            return
        payment = asking.open_payment(get(Order, order_id).subject)
        payment_id = payment.id if payment else None
        db.session.rollback()
        if payment_id is not None:
            sync(payment_id)

    def bid(self, who: int) -> None:
        auction = of_listing(self.world.auction_sale)
        assert isinstance(auction, Auction)
        auction_id = auction.id
        db.session.rollback()
        with suppress(BelowMinimum, NotAboveOwnMaximum):  # somebody was quicker, or an earlier go had arrived
            place_bid(auction_id, who, self.world.bidders[who])
        self.has_bid.add(who)

    def replace_the_key(self, role: str) -> None:
        rekey(role, lambda _line: None)
        self.to_replace.remove(role)

    def draw(self) -> None:
        """The office throws dice; the same eyes in each run."""
        draw_with_dice(self.world.lottery, DICE, WITNESSES, self.world.office)
