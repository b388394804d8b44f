"""What one who bid reads of their own part: on the page of the sale and on マイページ."""

from __future__ import annotations

import re

from flask import Flask

from marketplace.auctions.models import Auction
from marketplace.auctions.opening import of_listing
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests import given
from tests.pages import Page, read

NOTHING_TO_PAY = "お支払いいただくものはありません。ご参加ありがとうございました。"
OVER = "終わった入札"
LAPSED = "期限までにお支払いがなかったため、落札は取り消されました。"


def auction_of(listing_id: int) -> Auction:
    auction = of_listing(listing_id)
    assert auction is not None
    return auction


def sale(app: Flask, auction: Auction, account_id: int | None = None) -> Page:
    code = get(Listing, auction.listing_id).code
    client = app.test_client() if account_id is None else given.signed_in(app.test_client(), account_id)
    return read(client.get(f"/listings/{code}"))


def mypage(app: Flask, account_id: int) -> str:
    return read(given.signed_in(app.test_client(), account_id).get("/mypage")).words


def auctions_of(app: Flask, account_id: int) -> dict[str, list[str]]:
    """What マイページ says of each auction, under its heading, without its title."""
    page = given.signed_in(app.test_client(), account_id).get("/mypage").text
    parts = re.findall(r'aria-labelledby="(?:ended-)?bids"><h2[^>]*>(.*?)</h2>(.*?)</section>', page, re.DOTALL)
    return {
        heading: [Page(line).words.partition("あなたの入札者番号 ")[2] for line in below.split("</li>")[:-1]]
        for heading, below in parts
    }
