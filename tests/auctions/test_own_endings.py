"""Whoever bid reads on the page of the sale, and on マイページ, what its end means to them."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction
from marketplace.auctions.stopping import cancel, suspend
from marketplace.auctions.views import panel
from marketplace.kit import shown
from marketplace.kit.clock import pretending
from marketplace.kit.db import get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing
from marketplace.orders.models import Order
from tests import given
from tests.auctions.endings import ended, unsealed
from tests.auctions.own_pages import LAPSED, NOTHING_TO_PAY, OVER, auction_of, auctions_of, mypage, sale
from tests.ended import open_orders, paid, unpaid
from tests.pages import read


@pytest.fixture
def over(app: Flask) -> tuple[Auction, list[int]]:
    """Bids of 5,000, 9,000 and 5,600 yen, by 01, 02 and 03."""
    return ended("ascending", 5_000, 9_000, 5_600)


def the_order(auction: Auction) -> Order:
    (order,) = open_orders(auction.listing_id)
    return order


def test_the_winner_reads_what_is_to_be_paid_by_when_and_is_led_there(
    app: Flask, over: tuple[Auction, list[int]]
) -> None:
    auction, (_, winner, _third) = over
    order = the_order(auction)
    asked, code = f"{order.yen:,}円を、{shown.when(order.pay_by)} までにお支払いください。", order.code
    page = sale(app, auction, winner)
    assert "おめでとうございます。あなた（02番）が落札しました。" in page.words
    assert asked in page.words
    assert f"/orders/{code}/confirm" in page.links
    assert "あなた（" not in sale(app, auction).words


def test_a_loser_reads_that_there_is_nothing_to_pay(app: Flask, over: tuple[Auction, list[int]]) -> None:
    auction, (loser, *_) = over
    page = sale(app, auction, loser)
    assert "あなた（01番）は、落札できませんでした。" in page.words
    assert NOTHING_TO_PAY in page.words
    assert "落札できませんでした" in mypage(app, loser)
    assert "お支払い待ち" not in mypage(app, loser)


def test_who_paid_is_led_to_the_order(app: Flask, over: tuple[Auction, list[int]]) -> None:
    auction, (_, winner, _third) = over
    order = the_order(auction)
    code = order.code
    paid(order.id)
    page = sale(app, auction, winner)
    assert "あなた（02番）が落札しました。" in page.words
    assert "おめでとうございます" not in page.words
    assert f"/orders/{code}" in page.links


def test_who_did_not_pay_reads_why_it_is_no_longer_theirs_and_the_next_bidder_that_it_is(
    app: Flask, over: tuple[Auction, list[int]]
) -> None:
    auction, (_, first, second) = over
    unpaid(the_order(auction).id)
    page = sale(app, auction, first)
    assert f"あなた（02番）の落札は、なくなりました。{LAPSED}お金はいただきません。ご注文を見る" in page.words
    assert "お支払いに進む" not in page.words
    assert "おめでとうございます。あなた（03番）が落札しました。" in sale(app, auction, second).words


def test_nobody_of_an_auction_without_a_winner_has_to_pay(app: Flask) -> None:
    auction, (bidder,) = ended("ascending", 5_000, reserve_yen=8_000)
    assert NOTHING_TO_PAY in sale(app, auction, bidder).words
    assert auctions_of(app, bidder) == {OVER: ["01終了時 1,000円落札者なし"]}


def test_what_runs_stands_apart_from_what_is_over(app: Flask, over: tuple[Auction, list[int]]) -> None:
    _auction, (_, winner, third) = over
    running = auction_of(given.a_listing("ascending", "naming", price_yen=1000))
    place_bid(running.id, winner, 3_000)
    place_bid(running.id, third, 2_000)
    assert auctions_of(app, winner) == {
        "参加している入札": ["01現在 2,100円いま最高額です"],
        OVER: ["02終了時 5,850円落札"],
    }
    assert auctions_of(app, third) == {
        "参加している入札": ["02現在 2,100円ほかの方が上回っています"],
        OVER: ["03終了時 5,850円落札できませんでした"],
    }
    suspend(running.listing_id, given.staff("approver"), "システムの点検のため")
    assert auctions_of(app, third)["参加している入札"] == ["02現在 2,100円一時停止中"]


def test_a_win_that_was_not_paid_is_told_from_a_bid_that_was_beaten(
    app: Flask, over: tuple[Auction, list[int]]
) -> None:
    auction, (loser, first, second) = over
    unpaid(the_order(auction).id)
    assert auctions_of(app, first) == {OVER: [f"02終了時 5,850円落札の取り消し{LAPSED}お金はいただきません。"]}
    assert auctions_of(app, second) == {OVER: ["03終了時 5,850円落札"]}
    unpaid(the_order(auction).id)  # the next bidder does not pay either
    assert sale(app, auction, second).words.count(LAPSED) == 1
    for person, no in ((first, "02"), (second, "03")):
        assert auctions_of(app, person) == {OVER: [f"{no}終了時 5,850円落札の取り消し{LAPSED}お金はいただきません。"]}
    assert auctions_of(app, loser) == {OVER: ["01終了時 5,850円落札者なし"]}


def test_an_auction_that_the_town_stopped_took_nobodys_win(app: Flask) -> None:
    auction = auction_of(given.a_listing("ascending", "naming", price_yen=1000))
    bidder = given.an_account()
    place_bid(auction.id, bidder, 3_000)
    cancel(auction.listing_id, given.staff("approver"), "公告に誤りがあったため")
    assert auctions_of(app, bidder) == {OVER: ["01終了時 1,000円中止"]}


def card_of(app: Flask, auction: Auction) -> str:
    """What the card of the sale says to everybody, as on the front page and in the list."""
    return "".join(read(app.test_client().get(f"/embed/{auction.code}")).words.split())


def test_the_price_of_an_auction_has_one_name_on_its_card_its_page_and_its_bidders_page(app: Flask) -> None:
    auction = auction_of(given.a_listing("ascending", "naming", price_yen=1000))
    bidder = given.an_account()
    place_bid(auction.id, bidder, 5_000)

    def names() -> list[str]:
        with app.test_request_context():
            standing = str(panel(get(Listing, auction.listing_id)))
        pages = (card_of(app, auction), standing, str(auctions_of(app, bidder)))
        return [name for page in pages for name in re.findall("現在の価格|終了時の価格|現在 |終了時 ", page)]

    assert names() == ["現在の価格", "現在の価格", "現在 "]
    suspend(auction.listing_id, given.staff("approver"), "システムの点検のため")
    assert names() == ["現在の価格", "現在の価格", "現在 "]
    cancel(auction.listing_id, given.staff("approver"), "対象の施設がなくなったため")
    assert names() == ["終了時の価格", "終了時の価格", "終了時 "]


def test_the_card_of_an_auction_without_a_winner_says_it_and_its_last_price(app: Flask) -> None:
    auction, _ = ended("ascending", 5_000, reserve_yen=8_000)
    assert "終了時の価格1,000円入札1件落札者なし受付は終わりました" in card_of(app, auction)


def test_the_card_of_sealed_bids_tells_no_bid_and_says_that_they_are_to_be_opened(app: Flask) -> None:
    auction = auction_of(given.a_listing("sealed", "naming", price_yen=1000, reserve_yen=8_000))
    place_bid(auction.id, given.an_account(), 5_000)
    with pretending(auction.closes_at):
        run_one(SHEETS["auctions.close_due"])
    assert "開始価格1,000円開札待ち受付は終わりました" in card_of(app, auction)
    unsealed(auction)
    assert "開始価格1,000円落札者なし受付は終わりました" in card_of(app, auction)
