from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from marketplace.auctions import closing
from marketplace.auctions.models import Auction
from marketplace.auctions.opening import of_listing
from marketplace.auctions.outcomes import facts
from marketplace.auctions.unsealing import draw_tie
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from tests import given
from tests.auctions.endings import DICE, WITNESSES, ended
from tests.ended import paid, unpaid
from tests.pages import read


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def said(auction: Auction) -> dict[str, str]:
    db.session.refresh(auction)
    return dict(facts(get(Listing, auction.listing_id), auction))


def test_the_result_names_the_winner_by_number_and_the_price() -> None:
    auction, _people = ended("ascending", 5000, 9000)
    told = said(auction)
    assert (told["落札者"], told["落札金額"], told["お支払い"]) == (
        "02番",
        "5,250円（五千二百五十円、税込）",
        "お支払いを待っています",
    )
    assert told["参加"] == "2名、入札 2件"
    assert auction.order_id is not None
    paid(auction.order_id)
    assert said(auction)["お支払い"] == "お支払いずみ"


def test_it_says_who_came_after_a_default() -> None:
    auction, _people = ended("ascending", 5000, 9000)
    assert auction.order_id is not None
    unpaid(auction.order_id)
    assert (said(auction)["落札者"], said(auction)["落札金額"]) == ("01番（次順位）", "5,000円（五千円、税込）")


@pytest.mark.parametrize(
    ("bids", "rules", "reserve", "result"),
    [
        ((), {}, "達しなかった", "入札がありませんでした。"),
        ((5000,), {}, "達しなかった", "予定価格に達する入札がありませんでした。"),
        ((5000,), {"reserve_public": True}, "8,000円（達しなかった）", "予定価格に達する入札がありませんでした。"),
    ],
)
def test_nobody_won_and_why(bids: tuple[int, ...], rules: dict[str, Any], reserve: str, result: str) -> None:
    auction, _people = ended("ascending", *bids, reserve_yen=8000, auction_rules=rules)
    assert (said(auction)["予定価格"], said(auction)["結果"]) == (reserve, f"不調（落札者なし）。{result}")


def test_the_opening_and_the_lot_are_on_record_with_their_witnesses() -> None:
    auction, _people = ended("sealed", 9000, 9000)
    assert said(auction)["結果"] == "最高額の方が2人以上いるため、くじ引きを待っています。"
    draw_tie(auction.id, DICE, WITNESSES, given.staff("approver"))
    told = said(auction)
    assert told["開札"].endswith("立会人 月山 一郎、最上 花子")
    assert told["くじ"] == f"さいころの目 {DICE} 立会人 月山 一郎、最上 花子"


def test_before_the_opening_the_page_says_no_sum(client: FlaskClient) -> None:
    auction = of_listing(given.a_listing("sealed", "naming", price_yen=1000))
    assert auction is not None
    with pretending(auction.closes_at):
        closing.close(auction.id)
    page = client.get(f"/listings/{auction.code}/result")
    assert ("開札を待っています" in read(page).words, "落札金額" in read(page).words) == (True, False)
    assert client.get(f"/listings/{auction.code}/result.pdf").status_code == 404


def test_the_paper_says_what_the_page_says(client: FlaskClient) -> None:
    auction, people = ended("ascending", 5000, 9000)
    page, paper = (client.get(f"/listings/{auction.code}/result{ending}") for ending in ("", ".pdf"))
    assert (page.status_code, paper.status_code, paper.content_type) == (200, 200, "application/pdf")
    text = "".join("".join(sheet.extract_text() for sheet in PdfReader(BytesIO(paper.data)).pages).split())
    for _what, how in facts(get(Listing, auction.listing_id), auction):
        assert "".join(how.split()) in text
    assert len(people) == 2


def test_a_reader_of_english_has_the_page_in_english_and_the_paper_in_japanese(client: FlaskClient) -> None:
    auction, _people = ended("ascending", 5000, 9000)
    client.get("/display?language=en")
    page, paper = (client.get(f"/listings/{auction.code}/result{ending}") for ending in ("", ".pdf"))
    assert "5,250 yen (five thousand two hundred fifty yen, tax included)" in read(page).words
    text = "".join("".join(sheet.extract_text() for sheet in PdfReader(BytesIO(paper.data)).pages).split())
    assert "5,250円（五千二百五十円、税込）" in text


def test_there_is_no_result_of_what_was_no_auction(client: FlaskClient) -> None:
    assert client.get(f"/listings/{get(Listing, given.a_listing()).code}/result").status_code == 404
