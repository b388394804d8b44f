from __future__ import annotations

from hashlib import sha256

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.auctions import sealed, unsealing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import bids_of, log_of
from marketplace.auctions.models import Auction, AuctionState, Bid
from marketplace.auctions.opening import of_listing
from marketplace.auctions.refusals import NothingToDraw, NothingToOpen
from marketplace.auctions.replay import replay
from marketplace.chain.models import Call
from marketplace.journal.models import Entry
from marketplace.kit import merkle, published
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Invalid
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import ListingState
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given
from tests.auctions.endings import DICE, WITNESSES, email, ended, letters, states, unsealed
from tests.ended import open_orders, unpaid
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def test_the_highest_wins_at_the_own_amount() -> None:
    auction, people = ended("sealed", 5000, 9000, 8000)
    (order,) = open_orders(auction.listing_id)
    assert (order.buyer_id, order.yen) == (people[1], 9000)
    result = replay(log_of(auction))
    assert (result["winner"], result["price"], result["tied"]) == ("02", 9000, [])


def test_a_tie_waits_for_the_dice_and_publishes_its_root_but_no_amounts() -> None:
    auction, _people = ended("sealed", 9000, 5000, 9000)
    assert states(auction) == (AuctionState.TIED, ListingState.CLOSED)
    leaves = [merkle.leaf(published.canon(line)) for line in log_of(auction)["bids"]]
    assert auction.tie_root == merkle.root(leaves).hex()
    public = bids_of(auction.code)
    assert public is not None
    assert (public["tie_root"], public["bids"]) == (auction.tie_root, [])
    assert open_orders(auction.listing_id) == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"seed": "00" * 32}, "seed is not that of the dice"),
        ({"dice": "0" * 20}, "seed is not that of the dice"),
        ({"rules": "sha256:" + "00" * 32}, "seed is not that of the dice"),
        ({"dice": None}, "dice is not text"),
        ({"dice": "12"}, "dice are not twenty digits"),
    ],
)
def test_a_log_of_a_tie_whose_seed_is_of_no_dice_is_refused(changed: dict[str, object], says: str) -> None:
    auction, _people = ended("sealed", 9000, 5000, 9000, 9000)
    unsealing.draw_tie(auction.id, DICE, WITNESSES, given.staff("approver"))
    keeping.drain()
    db.session.refresh(auction)
    with pytest.raises(published.Malformed) as refusal:
        replay(log_of(auction) | changed)
    assert str(refusal.value) == says


def test_the_dice_decide_and_the_log_replays_to_the_same_winner() -> None:
    auction, people = ended("sealed", 9000, 5000, 9000, 9000)
    actor = given.staff("approver")
    unsealing.draw_tie(auction.id, DICE, WITNESSES, actor)
    keeping.drain()
    db.session.refresh(auction)
    commit = published.canon(unsealing.tie_commit(auction))
    assert auction.seed == sha256(b"draw-v1" + commit + b"d:" + DICE.encode()).hexdigest()
    result = replay(log_of(auction))
    assert result["tied"] == ["B-0001", "B-0003", "B-0004"]
    assert (auction.winner_no, auction.winner_yen) == (result["winner"], result["price"])
    assert log_of(auction)["dice"] == DICE
    (order,) = open_orders(auction.listing_id)
    assert order.buyer_id == people[int(auction.winner_no or 0) - 1]
    assert letters("auction_drawn") == [email(person) for person in people if person != order.buyer_id]


def test_who_does_not_pay_loses_it_to_the_next_of_the_same_lot() -> None:
    auction, _people = ended("sealed", 9000, 5000, 9000, 9000)
    unsealing.draw_tie(auction.id, DICE, WITNESSES, given.staff("approver"))
    db.session.refresh(auction)
    seed = bytes.fromhex(auction.seed)
    order = sorted(("B-0001", "B-0003", "B-0004"), key=lambda no: sealed.ticket(seed, no))
    assert auction.winner_no == order[0][-2:]
    assert auction.order_id is not None
    unpaid(auction.order_id)
    db.session.refresh(auction)
    assert (auction.winner_no, auction.winner_yen) == (order[1][-2:], 9000)


def test_it_is_drawn_once() -> None:
    auction, _people = ended("sealed", 9000, 9000)
    actor = given.staff("approver")
    unsealing.draw_tie(auction.id, DICE, WITNESSES, actor)
    with pytest.raises(NothingToDraw):
        unsealing.draw_tie(auction.id, "0" * 20, WITNESSES, actor)


@pytest.mark.parametrize(
    ("digits", "witnesses", "field"),
    [
        ("123", WITNESSES, "digits"),
        ("１" * 20, WITNESSES, "digits"),
        (DICE, ["月山 一郎", " "], "witnesses"),
        (DICE, ["月山 一郎", "月山 一郎 "], "witnesses"),
    ],
)
def test_only_twenty_digits_before_two_witnesses(digits: str, witnesses: list[str], field: str) -> None:
    auction, _people = ended("sealed", 9000, 9000)
    with pytest.raises(Invalid) as refused:
        unsealing.draw_tie(auction.id, digits, witnesses, given.staff("approver"))
    assert refused.value.field == field
    assert states(auction)[0] == AuctionState.TIED


class TestOpening:
    @pytest.fixture
    def closed(self) -> Auction:
        """Two bids are in, the time is over, and nobody has opened them."""
        auction = of_listing(given.a_listing("sealed", "naming", price_yen=1000, reserve_yen=8000))
        assert auction is not None
        for yen in (5000, 9000):
            place_bid(auction.id, given.an_account(), yen)
        with pretending(auction.closes_at):
            run_one(SHEETS["auctions.close_due"])
            keeping.drain()
        db.session.refresh(auction)
        return auction

    def test_after_the_close_nothing_is_known_until_the_witnesses_are_there(self, closed: Auction) -> None:
        assert states(closed) == (AuctionState.TO_OPEN, ListingState.CLOSED)
        assert (open_orders(closed.listing_id), letters("auction_over")) == ([], [])
        amounts = sa.select(Bid.max_yen).where(Bid.auction_id == closed.id)
        assert list(db.session.scalars(amounts)) == [None, None]
        public = bids_of(closed.code)
        assert public is not None
        assert (public["bids"], public["result"]) == ([], None)

    def test_the_root_on_chain_was_fixed_before_the_opening_and_is_that_of_the_opened_log(
        self, closed: Auction
    ) -> None:
        call = db.session.execute(sa.select(Call).where(Call.key == f"anchor:auction:{closed.code}")).scalar_one()
        unsealed(closed)
        leaves = [merkle.leaf(published.canon(line)) for line in log_of(closed)["bids"]]
        assert call.args[1] == "0x" + merkle.root(leaves).hex()

    def test_it_is_written_down_who_opened_when_before_whom(self, closed: Auction) -> None:
        unsealed(closed)
        entry = db.session.scalars(sa.select(Entry).where(Entry.event == "unseal")).one()
        actor = get(Account, given.staff("approver"))
        assert (entry.subject, entry.by, entry.details) == (closed.subject, f"staff:{actor.code}", {"envelopes": 2})
        assert (closed.witnesses, closed.opened_at is not None, closed.winner_yen) == (WITNESSES, True, 9000)

    def test_who_may_still_win_by_lot_is_not_told_that_it_is_over(self) -> None:
        ended("sealed", 9000, 9000)
        told = list(db.session.scalars(sa.select(Notice.body).where(Notice.template == "auction_unsealed")))
        assert len(told) == 2
        assert [body for body in told if "お支払いいただくものはありません" in body or "くじ引き" not in body] == []

    def test_they_are_opened_once_whoever_is_faster(self, app: Flask, closed: Auction) -> None:
        actor, auction_id = given.staff("approver"), closed.id
        outcomes = at_once(app, 4, lambda _n: unsealing.open_envelopes(auction_id, WITNESSES, actor))
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", *["NothingToOpen"] * 3]
        assert len(open_orders(closed.listing_id)) == 1

    @pytest.mark.parametrize("names", [["月山 一郎"], ["月山 一郎", "月山　一郎"], ["", " "]])
    def test_two_people_have_to_watch(self, closed: Auction, names: list[str]) -> None:
        with pytest.raises(Invalid) as refused:
            unsealing.open_envelopes(closed.id, names, given.staff("approver"))
        assert refused.value.field == "witnesses"
        assert states(closed)[0] == AuctionState.TO_OPEN

    def test_nobody_opens_them_before_the_close(self) -> None:
        auction = of_listing(given.a_listing("sealed", "naming"))
        assert auction is not None
        with pytest.raises(NothingToOpen):
            unsealing.open_envelopes(auction.id, WITNESSES, given.staff("approver"))


@pytest.mark.parametrize(("bids", "why"), [((), "no bid"), ((5000,), "reserve not met")])
def test_without_an_envelope_at_the_reserve_it_is_unsold(bids: tuple[int, ...], why: str) -> None:
    auction, _people = ended("sealed", *bids, reserve_yen=8000)
    assert (*states(auction), auction.why_unsold) == (AuctionState.UNSOLD, ListingState.COMPLETED, why)
