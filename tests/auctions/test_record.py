from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import closing, stopping, watch
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import leaves
from marketplace.auctions.models import Auction
from marketplace.auctions.refusals import BelowMinimum
from marketplace.auctions.replay import replay
from marketplace.chain.anchoring import anchored
from marketplace.kit import merkle
from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from tests import given
from tests.auctions.given import an_auction


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def auction() -> Auction:
    """Three bids, one of them refused; led by 02 at 5,250 yen."""
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 5000)
    place_bid(auction.id, given.an_account(), 77_777)
    with pytest.raises(BelowMinimum):
        place_bid(auction.id, given.an_account(), 1000)
    return auction


def closed(auction: Auction) -> None:
    with pretending(auction.closes_at):
        closing.close_due()
    db.session.refresh(auction)


def table(client: FlaskClient, auction: Auction) -> list[list[str]]:
    answer = client.get(f"/listings/{auction.code}/bids.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_table_has_the_public_history_while_bids_come_in(client: FlaskClient, auction: Auction) -> None:
    head, *rows = table(client, auction)
    assert head[5] == "上限または金額（円）"
    assert [[row[0], *row[2:8]] for row in rows] == [
        ["1", "01", "受付", "", "", "1000", "01"],
        ["2", "02", "受付", "", "", "5250", "02"],
    ]


def test_after_the_close_it_has_every_bid_with_its_maximum_and_why_it_was_refused(
    client: FlaskClient, auction: Auction
) -> None:
    closed(auction)
    _, *rows = table(client, auction)
    assert [[row[0], *row[2:8]] for row in rows] == [
        ["1", "01", "受付", "", "5000", "1000", "01"],
        ["2", "02", "受付", "", "77777", "5250", "02"],
        ["3", "03", "不受理", "最低の金額より下", "1000", "5250", "02"],
    ]


def test_sealed_bids_are_in_no_table_before_they_are_opened(client: FlaskClient) -> None:
    auction = an_auction("sealed")
    place_bid(auction.id, given.an_account(), 77_777)
    assert table(client, auction)[1:] == []


def test_the_page_shows_the_end_of_the_chain_and_after_the_close_the_root_on_chain(
    client: FlaskClient, auction: Auction
) -> None:
    url = f"/listings/{auction.code}/bids"
    assert auction.head in client.get(url).text
    closed(auction)
    proof = anchored(auction.subject)
    assert proof is not None
    assert (proof.root, proof.tx_hash) == ("0x" + merkle.root(leaves(auction)).hex(), None)
    page = client.get(url).text
    assert (proof.root in page, auction.head in page, "書きこみを待っています。" in page) == (True, True, True)
    assert replay(json.loads(client.get(f"{url}.json").text))["winner"] == "02"


def test_a_record_of_many_bids_is_read_a_page_at_a_time_and_drawn_whole(client: FlaskClient) -> None:
    auction = an_auction()
    people = [given.an_account() for _ in range(2)]
    for n in range(401):
        place_bid(auction.id, people[n % 2], 1_000 + 1_000 * n)
    with pytest.raises(BelowMinimum):
        place_bid(auction.id, people[1], 1_000)
    url = f"/listings/{auction.code}/bids"

    def rows(path: str) -> tuple[int, str]:
        page = client.get(path).text
        return page.count('<td class="nowrap">0'), page

    assert [rows(f"{url}?page={n}")[0] for n in (1, 4, 5, 6)] == [100, 100, 1, 1]  # after the last comes the last
    first, page = rows(url)
    assert (first, "1 / 5 ページ" in page) == (100, True)
    assert "点は、価格を変えた入札のうち、新しい400件です。" in page
    assert page.count("401回の変化で") == 2  # for a desk and for a phone
    closed(auction)
    assert [rows(f"{url}?page={n}")[0] for n in (1, 5)] == [100, 2]  # with the one that was refused
    assert len(table(client, auction)) == 1 + 402


def test_what_was_not_anchored_has_no_proof() -> None:
    assert anchored("auction:LST-NONE00") is None


def test_the_page_says_why_the_close_moved(client: FlaskClient, auction: Auction) -> None:
    for before in (900, 400):
        with pretending(auction.scheduled_close_at - timedelta(seconds=before)):
            watch.beat()
    page = client.get(f"/listings/{auction.code}/bids").text
    assert "終了時刻をのばした理由" in page
    assert "きまり: 終了前10分のうち30秒以上" in page
    standing = client.get(f"/auctions/{auction.code}/state").get_json()["parts"]["standing"]
    assert "入札を受け付けられない時間があったため" in standing


def test_the_close_goes_into_a_calendar(client: FlaskClient, auction: Auction) -> None:
    answer = client.get(f"/listings/{auction.code}/close.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))
    lines = answer.text.replace("\r\n ", "").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert f"DTSTART:{auction.closes_at:%Y%m%dT%H%M%SZ}" in lines
    assert "SUMMARY:入札の終了 デジタル住民票 第3弾「四季」" in lines
    assert "TRIGGER:-PT1H" in lines
    stopping.cancel(auction.listing_id, given.staff("approver"), "雪のため")
    again = client.get(f"/listings/{auction.code}/close.ics").text.split("\r\n")
    assert {"STATUS:CANCELLED", "SEQUENCE:1", lines[4]} <= set(again)
    assert lines[4].startswith("UID:")


def test_where_there_is_no_auction_there_is_no_record(client: FlaskClient) -> None:
    for name in ("bids", "bids.csv", "bids.json", "close.ics"):
        assert client.get(f"/listings/LST-NONE00/{name}").status_code == 404
