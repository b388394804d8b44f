"""Whoever bid reads on the page of the sale, and on マイページ, what its end means to them."""

from __future__ import annotations

import pytest
from flask import Flask

from marketplace.auctions.models import Auction
from marketplace.kit import shown
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.orders.models import Order
from tests import given
from tests.auctions.endings import ended
from tests.ended import open_orders, paid, unpaid
from tests.pages import Page, read

NOTHING_TO_PAY = "お支払いいただくものはありません。ご参加ありがとうございました。"


@pytest.fixture
def over(app: Flask) -> tuple[Auction, list[int]]:
    """Bids of 5,000, 9,000 and 5,600 yen, by 01, 02 and 03."""
    return ended("ascending", 5_000, 9_000, 5_600)


def sale(app: Flask, auction: Auction, account_id: int | None = None) -> Page:
    code = get(Listing, auction.listing_id).code
    client = app.test_client() if account_id is None else given.signed_in(app.test_client(), account_id)
    return read(client.get(f"/listings/{code}"))


def mypage(app: Flask, account_id: int) -> str:
    return read(given.signed_in(app.test_client(), account_id).get("/mypage")).words


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
    assert "あなた（02番）の落札は、期限までにお支払いがなかったため、なくなりました。" in page.words
    assert "お支払いに進む" not in page.words
    assert "おめでとうございます。あなた（03番）が落札しました。" in sale(app, auction, second).words
